// SPDX-License-Identifier: Apache-2.0
import type { BackendOptions } from "./labels";

/** A task as HAProxy reaches it. */
export interface Server {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  readonly state: "ready" | "drain";
  /** Its share of the requests beside the other servers of its backend. @default 1 */
  readonly weight?: number;
  /** Whose task it is, in a backend that several apps share. */
  readonly appId?: string;
}

/** The tasks of one app behind one name. */
export interface Backend {
  readonly name: string;
  /** Path that HAProxy asks for; a connection alone is checked without one. */
  readonly checkPath?: string;
  /** How long the answer to that may take. */
  readonly checkSeconds?: number;
  readonly tls: boolean;
  /** What labels ask for; plain HTTP without. */
  readonly options?: BackendOptions;
  readonly servers: readonly Server[];
}

/** A port of the edge beside the one for plain HTTP. */
export interface PortFrontend {
  readonly appId: string;
  /** Where all of its traffic goes. The HTTPS port has none: it leads where plain HTTP leads. */
  readonly backend?: string;
  readonly mode: "http" | "tcp";
  readonly port: number;
  readonly address?: string;
  /** The one certificate that clients get there, by its file in the store. */
  readonly certificate?: string;
}

/** A condition and where it leads. Only explicit ones come from people and may be bad. */
export interface Route {
  readonly appId: string;
  readonly backend: string;
  readonly acl:
    | { readonly kind: "explicit"; readonly text: string; readonly priority: number }
    | {
        readonly kind: "host";
        readonly host: string;
        readonly path: string;
        readonly ignoreCase: boolean;
        readonly weight: number;
      }
    | { readonly kind: "prefix"; readonly path: string };
}

/** Everything that a HAProxy configuration is made from; routes in the order in which they are tried. */
export interface Routes {
  readonly routes: readonly Route[];
  readonly backends: readonly Backend[];
  readonly ports: readonly PortFrontend[];
  /** Ids of apps and rules that are left out, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** The IP address of an agent's name, as far as it is known. */
export type Resolve = (host: string) => string | undefined;
