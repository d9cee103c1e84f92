// SPDX-License-Identifier: Apache-2.0
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { timeIn } from "./clock";

/** How a line is shown: beside the resource until the next one (progress), or in the diagnostics. */
export type LogKind = "progress" | "info" | "warning" | "debug";

const severities = {
  progress: LogSeverity.INFO,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  debug: LogSeverity.DEBUG,
} as const;

/** Sends lines to the engine that started the plugin, in order; without an engine they go nowhere. */
export class EngineLog {
  private client: { readonly address: string; readonly stub: EngineClient } | undefined;
  private last: Promise<void> = Promise.resolve();
  private lastLine = "";
  private readonly address: () => string | undefined;

  /** `address` is asked for at each line, because Attach may change it. */
  constructor(address: () => string | undefined) {
    this.address = address;
  }

  write(kind: LogKind, urn: string, message: string): void {
    const address = this.address();
    const line = `${kind} ${urn} ${message}`;
    if (address === undefined || line === this.lastLine) return;
    this.lastLine = line;
    this.last = this.last.then(() => this.send(address, kind, urn, message));
  }

  /** Resolves when all lines so far have reached the engine. */
  async flush(): Promise<void> {
    await this.last;
  }

  close(): void {
    this.client?.stub.close();
  }

  /** An engine that cannot be told is gone or going, which ends the plugin by itself: the line is dropped. */
  private send(address: string, kind: LogKind, urn: string, message: string): Promise<void> {
    const severity = severities[kind];
    const request = new LogRequest().setSeverity(severity).setUrn(urn).setMessage(message);
    request.setEphemeral(kind === "progress");
    const stub = this.stub(address);
    return new Promise((resolve) => {
      stub.log(request, new Metadata(), { deadline: timeIn(5_000) }, () => resolve());
    });
  }

  private stub(address: string): EngineClient {
    if (this.client?.address === address) return this.client.stub;
    this.close();
    this.client = { address, stub: new EngineClient(address, credentials.createInsecure()) };
    return this.client.stub;
  }
}
