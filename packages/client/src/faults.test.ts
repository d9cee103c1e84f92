// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { json, servers } from "./http-server.test.support";
import { isUncertain, MarathonClient, type MarathonOptions } from "./index";

const signal = new AbortController().signal;
const refusing = "http://127.83.2.9:8080";
const page = "<html><head><title>x</title></head><body><h1>Bad\n gateway</h1> of <b>proxy</b></body></html>";

describe("MarathonClient among faults", function () {
  this.timeout(60_000);
  const serve = servers();

  /** The message of a failure, which shows no secret. */
  async function failure(asked: Promise<unknown>): Promise<string> {
    let message = "";
    await assert.rejects(asked, (error: Error) => {
      message = error.message;
      assert.doesNotMatch(JSON.stringify(error) + String(error) + String(error.stack), /geheim|Z2VoZWlt/);
      return true;
    });
    return message;
  }

  it("waits over a proxy's page with 500, and fails with its words when it stays", async () => {
    const { url, received } = await serve((_, r) => {
      if (received.length === 1) r.writeHead(500, { "Content-Type": "text/html" }).end(page);
      else json(r, 200, []);
    });
    assert.deepEqual(await new MarathonClient({ urls: [url] }).getDeployments(signal), []);
    const broken = await serve((_, r) => r.writeHead(500).end(page));
    const client = new MarathonClient({ urls: [broken.url] });
    assert.match(
      await failure(client.getDeployments(signal)),
      /^GET http:.*\/v2\/deployments answered 500: Bad gateway of proxy$/,
    );
  });

  it("says what it met until it was told to stop", async () => {
    const stop = new AbortController();
    const { url, received } = await serve((_, r) => {
      if (received.length === 2) stop.abort(new Error("enough"));
      r.writeHead(503).end("an election");
    });
    const client = new MarathonClient({ urls: [refusing, url] });
    assert.match(
      await failure(client.getDeployments(stop.signal)),
      /^stopped waiting: enough; until then: connect ECONNREFUSED 127\.83\.2\.9:8080; GET .* answered 503: an election$/,
    );
  });

  it("fails at once for Marathon's own 500, because that stays", async () => {
    const { url, received } = await serve((_, r) => json(r, 500, { message: "port range exhausted" }));
    assert.match(
      await failure(new MarathonClient({ urls: [url] }).replaceApp("/x", {}, signal)),
      /exhausted$/,
    );
    assert.equal(received.length, 1);
  });

  it("sends a POST again when a standby passed it on to nobody, and only then", async () => {
    const { url, received } = await serve((_, r) => {
      if (received.length === 1) r.writeHead(502).end("<h2>Connection to leader refused.</h2>");
      else if (received.length === 2) r.writeHead(503).end("Could not determine the current leader");
      else json(r, 201, { id: "/x" }, { "Marathon-Deployment-Id": "d1" });
    });
    const client = new MarathonClient({ urls: [refusing, url] });
    assert.equal((await client.createApp({ id: "/x" }, signal)).deploymentId, "d1");
    const lost = await serve((_, r) => r.writeHead(502).end("Bad gateway"));
    await assert.rejects(new MarathonClient({ urls: [lost.url] }).createApp({}, signal), isUncertain);
    assert.equal(lost.received.length, 1);
  });

  it("fails at once when it is not let in, and says by what it could be", async () => {
    const { url, received } = await serve((_, r) => r.writeHead(401).end("<h1>401 Unauthorized</h1>"));
    const optionName = (option: string) => `marathon-${option}`;
    assert.match(
      await failure(new MarathonClient({ urls: [url], optionName }).getInfo(signal)),
      /answered 401: 401 Unauthorized; it asks for marathon-user and marathon-password, or marathon-token$/,
    );
    assert.match(
      await failure(new MarathonClient({ urls: [url], token: "geheim" }).getInfo(signal)),
      /user and password, or token, are not the right ones$/,
    );
    assert.equal(received.length, 2);
  });

  it("sends a token as DC/OS wants it, or with the scheme that it names", async () => {
    const { url, received } = await serve((_, r) => json(r, 200, []));
    for (const token of ["abc", "token=abc", "Bearer abc"]) {
      await new MarathonClient({ urls: [url], token }).getDeployments(signal);
    }
    assert.deepEqual(
      received.map((r) => r.headers.authorization),
      ["token=abc", "token=abc", "Bearer abc"],
    );
  });

  it("gives credentials to the configured origins only", async () => {
    const other = await serve((_, r) => json(r, 200, []));
    const { url } = await serve((q, r) => r.writeHead(307, { Location: other.url + q.url }).end());
    const client = new MarathonClient({ urls: [url], user: "u", password: "geheim" });
    assert.deepEqual(await client.getDeployments(signal), []);
    assert.equal(other.received[0]?.headers.authorization, undefined);
  });

  it("shows no environment, password or token that a server repeats", async () => {
    const password = 'geheim "1"\n';
    const document = {
      env: { PW: password },
      containers: [{ environment: { PW: "geheim-2" } }],
      container: { docker: { parameters: [{ key: "env", value: "geheim-3" }] } },
    };
    const { url } = await serve((q, r) => {
      const echo = `'id' is undefined on object: ${q.body} for ${q.headers.authorization}`;
      json(r, 422, {
        message: "Invalid JSON",
        details: [{ path: "/", errors: [echo, JSON.stringify(echo)] }],
      });
    });
    const client = new MarathonClient({ urls: [url], user: "u", password: "geheim" });
    const message = await failure(client.createApp(document, signal));
    assert.match(message, /answered 422: Invalid JSON .*'id' is undefined on object: .*\[secret\]/);
  });

  it("shows nothing of a document that it cannot read", async () => {
    const bodies = ['{"app":{"env":{"PW":"geheim"}', '{"app":{"id":7,"env":{"PW":"geheim"}}}', '["geheim"]'];
    for (const body of bodies) {
      const { url } = await serve((_, r) => r.writeHead(200).end(body));
      const message = await failure(new MarathonClient({ urls: [url] }).getApp("/x", signal));
      assert.match(message, /answered with something unexpected \(.*\): \d+ characters of JSON/);
    }
  });

  it("fails when redirects do not end, naming where they lead", async () => {
    const { url, received } = await serve((_, r) =>
      r.writeHead(302, { Location: `${url}/round?token=geheim` }).end(),
    );
    const client = new MarathonClient({ urls: [url] });
    assert.match(
      await failure(client.getInfo(signal)),
      /answered 302: redirects on and on, lastly to .*\/round$/,
    );
    assert.equal(received.length, 4);
  });

  it("fails within its time when answers come byte by byte", async () => {
    const { url } = await serve((_, r) => {
      r.writeHead(200, { "Content-Type": "application/json" });
      const drip = setInterval(() => r.write(" "), 10);
      r.on("close", () => clearInterval(drip));
    });
    const client = new MarathonClient({ urls: [url], timeoutMs: 50 });
    assert.match(await failure(client.getApp("/x", signal)), /no answer from .* within 0.05 s$/);
  });

  it("never takes half an answer for a deleted app, wherever it is cut", async () => {
    const whole = JSON.stringify({ app: { id: "/x", instances: 1 } });
    let cut = 0;
    const { url } = await serve((_, r) => {
      r.writeHead(200, { "Content-Type": "application/json", "Content-Length": whole.length });
      r.write(whole.slice(0, cut), () => r.destroy());
    });
    for (cut of [0, 1, whole.length - 1]) {
      await failure(new MarathonClient({ urls: [url] }).getApp("/x", signal));
    }
  });

  it("goes on at another address when one dies in the middle of an answer", async () => {
    const dying = await serve((_, r) => {
      r.writeHead(200, { "Content-Length": 100 });
      r.write('[{"id":', () => r.destroy());
    });
    const other = await serve((_, r) => json(r, 200, [{ id: "d1" }]));
    const client = new MarathonClient({ urls: [dying.url, other.url] });
    assert.deepEqual(await client.getDeployments(signal), [{ id: "d1" }]);
    await client.getDeployments(signal);
    assert.equal(dying.received.length, 1);
  });

  it("reads over few connections that it keeps, at most 16 at once", async () => {
    let now = 0;
    let most = 0;
    const server = await serve((_, r) => {
      now += 1;
      most = Math.max(most, now);
      setImmediate(() => {
        now -= 1;
        json(r, 200, []);
      });
    });
    const client = new MarathonClient({ urls: [server.url] });
    await Promise.all(Array.from({ length: 256 }, () => client.getDeployments(signal)));
    assert.ok(most <= 16 && server.connections <= 16, `${most} requests, ${server.connections} connections`);
  });

  it("gives its turn away when it stops waiting for one", async () => {
    const open: (() => void)[] = [];
    const server = await serve((_, r) => void open.push(() => json(r, 200, [])));
    const options: MarathonOptions = { urls: [server.url] };
    const client = new MarathonClient(options);
    const first = Array.from({ length: 16 }, () => client.getDeployments(signal));
    const stop = new AbortController();
    const impatient = client.getDeployments(stop.signal);
    const patient = client.getDeployments(signal);
    stop.abort();
    await assert.rejects(impatient, { code: "MESOS_CLIENT_ABORTED" });
    while (open.length < 16) await new Promise((resolve) => setImmediate(resolve));
    server.answer = (_, r) => json(r, 200, []);
    for (const answer of open) answer();
    await Promise.all([...first, patient]);
  });
});
