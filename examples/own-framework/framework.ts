// SPDX-License-Identifier: Apache-2.0

/** An offer as the v1 scheduler API sends it, in the parts that are printed. */
export interface Offer {
  readonly id: { readonly value: string };
  readonly hostname: string;
  readonly resources: readonly {
    readonly name: string;
    readonly scalar?: { readonly value: number };
    readonly ranges?: { readonly range: readonly { readonly begin: number; readonly end: number }[] };
  }[];
}

interface Event {
  readonly type: string;
  readonly subscribed?: { readonly framework_id: { readonly value: string } };
  readonly offers?: { readonly offers: readonly Offer[] };
  readonly error?: { readonly message: string };
}

/** Records of RecordIO: a length in bytes, a newline, so many bytes of JSON. */
async function* records(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  let pending = Buffer.alloc(0);
  for await (const chunk of body) {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const newline = pending.indexOf(10);
      const length = Number(pending.subarray(0, Math.max(0, newline)).toString());
      if (newline < 0 || pending.length < newline + 1 + length) break;
      yield JSON.parse(pending.subarray(newline + 1, newline + 1 + length).toString()) as Event;
      pending = pending.subarray(newline + 1 + length);
    }
  }
}

/** One line an offer: `agent-1: cpus 4, mem 4096, ports 31000-32000`. */
export function describeOffer(offer: Offer): string {
  const parts = offer.resources.map(({ name, scalar, ranges }) => {
    const spans = ranges?.range.map(({ begin, end }) => `${begin}-${end}`).join(" ");
    return `${name} ${scalar?.value ?? spans ?? "?"}`;
  });
  return `${offer.hostname}: ${parts.join(", ")}`;
}

function basic({ principal, secret }: { readonly principal: string; readonly secret: string }): string {
  return `Basic ${Buffer.from(`${principal}:${secret}`).toString("base64")}`;
}

/** Who a framework is where masters ask, and with which role it registers. */
export interface Identity {
  /** @default "*" */
  readonly role?: string;
  readonly credential?: { readonly principal: string; readonly secret: string };
}

/**
 * A framework that launches nothing: subscribes at the leading master, prints every offer and declines it for a minute.
 * Goes where a standby's redirect points. Ends with the signal or with the stream.
 */
export async function watchOffers(
  master: string,
  { role = "*", credential }: Identity,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL("/api/v1/scheduler", master);
  const headers = {
    ...{ "content-type": "application/json", accept: "application/json" },
    ...(credential && { authorization: basic(credential) }),
  };
  const framework_info = {
    user: "root",
    name: "own-framework",
    roles: [role],
    ...(credential && { principal: credential.principal }),
    capabilities: [{ type: "MULTI_ROLE" }],
  };
  const body = JSON.stringify({ type: "SUBSCRIBE", subscribe: { framework_info } });
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  const location = response.headers.get("location");
  if (response.status === 307 && location !== null) {
    return await watchOffers(new URL(location, url).origin, { role, credential }, print, signal);
  }
  if (response.body === null || !response.ok)
    throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const stream = response.headers.get("mesos-stream-id") ?? "";
  let framework_id: { readonly value: string } | undefined;
  for await (const event of records(response.body)) {
    if (event.type === "ERROR") throw new Error(event.error?.message);
    if (event.subscribed !== undefined) {
      framework_id = event.subscribed.framework_id;
      print(`subscribed as ${framework_id.value}`);
    }
    const offers = event.offers?.offers ?? [];
    for (const offer of offers) print(describeOffer(offer));
    if (offers.length === 0) continue;
    const decline = { offer_ids: offers.map((offer) => offer.id), filters: { refuse_seconds: 60 } };
    const call = JSON.stringify({ type: "DECLINE", framework_id, decline });
    const answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, "mesos-stream-id": stream },
      body: call,
    });
    if (answer.status !== 202) throw new Error(`DECLINE: ${answer.status} ${await answer.text()}`);
  }
}
