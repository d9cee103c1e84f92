// SPDX-License-Identifier: Apache-2.0

const chunkLength = 64 * 1024;
/** The document, its lists, their entries, and the lists in those: what is deeper is small. */
const depth = 4;

/** A document as JSON in chunks of about 64 KiB: a cluster's whole state is never one string. */
export function* jsonChunks(value: unknown): Generator<string> {
  let chunk = "";
  for (const piece of pieces(value, depth)) {
    chunk += piece;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

/** Small values go together: each piece passes through as many generators as it is deep. */
function* pieces(value: unknown, levels: number): Generator<string> {
  if (isSmall(value, levels)) {
    yield JSON.stringify(value) ?? "null";
    return;
  }
  const list = Array.isArray(value);
  let text = list ? "[" : "{";
  let between = "";
  const entries = list ? value.entries() : Object.entries(value as object);
  for (const [name, field] of entries) {
    if (!list && field === undefined) continue;
    text += list ? between : `${between}${JSON.stringify(name)}:`;
    between = ",";
    if (isSmall(field, levels - 1)) {
      text += JSON.stringify(field) ?? "null";
      if (text.length < chunkLength) continue;
      yield text;
    } else {
      yield text;
      yield* pieces(field, levels - 1);
    }
    text = "";
  }
  yield text + (list ? "]" : "}");
}

function isSmall(value: unknown, levels: number): boolean {
  return levels === 0 || value === null || typeof value !== "object" || "toJSON" in value;
}
