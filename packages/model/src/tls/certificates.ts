// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";
import { isMesosError, MesosError, messageOf } from "../errors";
import {
  bits,
  content,
  decode,
  encode,
  inside,
  integer,
  isOid,
  type Node,
  octets,
  oid,
  pem,
  sequence,
  set,
  small,
  tagged,
  time,
  utf8,
  yes,
} from "./der";
import { keyFrom, signerOf } from "./keys";

/** A certificate with its private key, both in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** For whom a certificate is. */
export interface Subject {
  readonly name: string;
  /** IPv4 addresses and host names by which clients know it. */
  readonly names: readonly string[];
}

/** Fixed, so that nothing changes by itself: what derives from a secret is good for as long as that is kept. */
const validity = sequence(time(new Date("2024-01-01T00:00:00Z")), time(new Date("2049-12-31T23:59:59Z")));
const extensionIds = {
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  names: "2.5.29.17",
  constraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKey: "2.5.29.35",
  purposes: "2.5.29.37",
} as const;

/** An authority of one's own, whose key and certificate follow from `seed` ({@link keySeedLength} bytes). */
export function deriveAuthority(name: string, seed: Uint8Array): Identity {
  const key = keyFrom(seed);
  const subject = nameOf(name);
  const usage = extension(extensionIds.keyUsage, bits(Buffer.from([0x06]), 1), true);
  const constraints = extension(extensionIds.constraints, sequence(yes(), small(1)), true);
  const cert = certificate({
    subject,
    issuer: subject,
    validity,
    key,
    signer: key,
    extensions: [constraints, usage, ownKey(key)],
  });
  return { cert, key: keyPem(key) };
}

/** A certificate of `authority` for a key that follows from `seed`; valid for as long as the authority's own. */
export function issue(authority: Identity, { name, names }: Subject, seed: Uint8Array): Identity {
  const purposes = sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"));
  return signed(authorityOf(authority), name, seed, [
    extension(extensionIds.constraints, sequence(), true),
    extension(extensionIds.keyUsage, bits(Buffer.from([0x80]), 7), true),
    extension(extensionIds.purposes, purposes),
    extension(extensionIds.names, sequence(...names.map(alternative))),
  ]);
}

/** For which members an authority below another signs. */
export interface Range {
  readonly name: string;
  /** Their IPv4 addresses, such as `10.0.0.0/19`. */
  readonly ranges: readonly string[];
}

/**
 * An authority below `authority`, for certificates of addresses in some ranges and of no host name: whoever has its key can be
 * taken for members of these ranges, and for nobody else.
 */
export function issueAuthority(authority: Identity, { name, ranges }: Range, seed: Uint8Array): Identity {
  const issuer = authorityOf(authority);
  if (issuer.pathLength === 0) {
    throw new MesosError(
      "MESOS_TLS_AUTHORITY",
      "cert: lets no authority sign below it (pathLenConstraint 0), and agents whose addresses are known once they start need one; leave the constraint out",
    );
  }
  const permitted = [...ranges.map(addressRange), tagged(2, Buffer.from(noHost))];
  return signed(issuer, name, seed, [
    extension(extensionIds.constraints, sequence(yes(), small(0)), true),
    extension(extensionIds.keyUsage, bits(Buffer.from([0x06]), 1), true),
    extension(
      extensionIds.nameConstraints,
      sequence(
        tagged(
          0,
          permitted.map((each) => sequence(each)),
        ),
      ),
      true,
    ),
  ]);
}

/** RFC 6761: nobody has it. */
const noHost = "invalid";

/** RFC 5280, 4.2.1.10: the address with its mask. */
function addressRange(text: string): Node {
  const [address = "", prefix] = text.split("/");
  const mask = (2 ** 32 - 2 ** (32 - Number(prefix))) >>> 0;
  const bytes = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff);
  return tagged(7, Buffer.from([...address.split(".").map(Number), ...bytes]));
}

function signed(
  issuer: ReturnType<typeof authorityOf>,
  name: string,
  seed: Uint8Array,
  own: readonly Node[],
): Identity {
  const key = keyFrom(seed);
  const extensions = [
    ...own,
    ownKey(key),
    ...(issuer.keyId === undefined
      ? []
      : [extension(extensionIds.authorityKey, sequence(tagged(0, issuer.keyId)))]),
  ];
  const cert = certificate({
    subject: nameOf(name),
    issuer: issuer.subject,
    validity: issuer.validity,
    key,
    signer: issuer.key,
    extensions,
  });
  return { cert, key: keyPem(key) };
}

/** What is wrong with an authority that a user brings; nothing if it can issue certificates. Never shows a key. */
export function authorityFault(authority: Identity): string | undefined {
  try {
    authorityOf(authority);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function authorityOf({ cert, key: text }: Identity) {
  const parsed = attempt("cert", () => new X509Certificate(cert));
  const key = attempt("key", () => createPrivateKey(text));
  const refuse = (message: string): never => {
    throw new MesosError("MESOS_TLS_AUTHORITY", message);
  };
  if (!parsed.ca)
    return refuse(
      "cert: must be of an authority (basicConstraints CA:TRUE), because it signs those of the programs",
    );
  if (!parsed.checkPrivateKey(key)) return refuse("key: is not the key of cert");
  if (!parsed.checkIssued(parsed) || !parsed.verify(parsed.publicKey))
    return refuse(
      "cert: must be signed by itself, because programs believe no chain that ends before its root",
    );
  attempt("key", () => signerOf(key));
  // The number of the version comes first; version 1 has none and no extensions, and is no authority.
  const [, , , , dates, subject, ...rest] = inside(inside(decode(parsed.raw))[0]);
  if (dates === undefined || subject === undefined) return refuse("cert: is no certificate of version 3");
  const extensions = rest.flatMap((part) =>
    part.tagClass === 0x80 && Number(part.type) === 3 ? inside(inside(part)[0]) : [],
  );
  const find = (id: string): Node | undefined => {
    const found = extensions.map(inside).find(([of]) => isOid(of, id));
    return found && decode(content(found.at(-1)));
  };
  const keyId = find(extensionIds.subjectKey);
  const [, pathLength] = inside(find(extensionIds.constraints));
  return {
    key,
    subject,
    validity: dates,
    keyId: keyId && content(keyId),
    pathLength: pathLength && content(pathLength).readUInt8(0),
  };
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = isMesosError(error) ? error.message : `cannot be read as PEM: ${messageOf(error)}`;
    throw new MesosError("MESOS_TLS_AUTHORITY", `${path}: ${message}`, { cause: error });
  }
}

interface Parts {
  readonly subject: Node;
  readonly issuer: Node;
  readonly validity: Node;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Node[];
}

/** RFC 5280, 4.1, in PEM. Its number is a digest of what it says, so that no two of one authority share it. */
function certificate({ subject, issuer, validity: dates, key, signer, extensions }: Parts): string {
  const { algorithm, sign } = signerOf(signer);
  const says = [algorithm, issuer, dates, subject, decode(spkiOf(key)), tagged(3, [sequence(...extensions)])];
  const number = createHash("sha256")
    .update(encode(sequence(...says)))
    .digest()
    .subarray(0, 16);
  number[0] = ((number[0] ?? 0) & 0x7f) | 0x40; // positive, and never shorter
  const tbs = sequence(tagged(0, [small(2)]), integer(number), ...says);
  return pem("CERTIFICATE", encode(sequence(tbs, algorithm, bits(sign(encode(tbs))))));
}

function nameOf(common: string): Node {
  return sequence(set(sequence(oid("2.5.4.3"), utf8(common))));
}

function extension(id: string, value: Node, critical = false): Node {
  return sequence(oid(id), ...(critical ? [yes()] : []), octets(encode(value)));
}

/** RFC 5280, 4.2.1.2, method 1. */
function ownKey(key: KeyObject): Node {
  const point = content(inside(decode(spkiOf(key)))[1]).subarray(1);
  return extension(extensionIds.subjectKey, octets(createHash("sha1").update(point).digest()));
}

function alternative(name: string): Node {
  return isIPv4(name) ? tagged(7, Buffer.from(name.split(".").map(Number))) : tagged(2, Buffer.from(name));
}

function spkiOf(key: KeyObject): Buffer {
  const open = key.type === "private" ? createPublicKey(key) : key;
  return open.export({ format: "der", type: "spki" });
}

function keyPem(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}
