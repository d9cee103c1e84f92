// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock";
import { digestOfText } from "../haproxy/certificate-store";
import { selfSigned } from "../testing/certificate.test.support";
import { silent } from "../testing/test-edge.test.support";
import { Certificates, stored } from "./certificates";

describe("certificates of files", () => {
  const { signal } = new AbortController();
  const pairs = new Map(["a", "b", "c"].map((name) => [name, selfSigned(`${name}.example`)]));
  const pem = (name: string): string => {
    const { certificate, key } = pairs.get(name) ?? assert.fail();
    return certificate + key;
  };
  /** A line that no other certificate has. */
  const keyLine = (name: string): string => pairs.get(name)?.key.split("\n")[5] ?? assert.fail();
  let directory = "";
  let time = Date.now();
  let changes = 0;
  /** Names whose certificates HAProxy refuses. */
  const disliked = new Set<string>();
  const asked: number[] = [];

  const open = (paths: readonly string[], held: Parameters<typeof stored>[0] = []): Certificates =>
    new Certificates({
      paths,
      held: stored(held),
      clock: { ...systemClock, time: () => time },
      log: silent,
      onChange: () => {
        changes++;
      },
      check: async (texts) => {
        asked.push(texts.length);
        return texts.some((text) => [...disliked].some((name) => text.includes(keyLine(name))))
          ? "too weak"
          : undefined;
      },
    });
  const names = (all: Certificates): string[][] => all.good.map((one) => [...one.names]);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-certificates-"));
    time = Date.now();
    changes = 0;
    disliked.clear();
    asked.length = 0;
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("come in the order of their paths and names, keys also beside them, hidden files not", async () => {
    const folder = join(directory, "folder");
    await mkdir(join(folder, "..data"), { recursive: true });
    await writeFile(join(folder, "..data", "b"), pem("b"));
    await symlink("..data/b", join(folder, "b.pem"));
    await writeFile(join(folder, "a.crt"), pairs.get("a")?.certificate ?? "");
    await writeFile(join(folder, "a.crt.key"), pairs.get("a")?.key ?? "");
    await writeFile(join(directory, "c.pem"), pem("c"));
    const all = open([join(directory, "c.pem"), folder]);
    await all.look(signal);
    assert.deepEqual(names(all), [["c.example"], ["a.example"], ["b.example"]]);
    assert.equal(all.refused.size, 0);
    assert.equal(all.find("b.pem")?.source, join(folder, "b.pem"));
    assert.equal(all.find(join(directory, "c.pem"))?.source, join(directory, "c.pem"));
    assert.equal(all.find("folder"), undefined);
  });

  it("are judged by HAProxy once a text, a bad one apart from the good ones", async () => {
    for (const name of pairs.keys()) await writeFile(join(directory, name), pem(name));
    disliked.add("b");
    const all = open([directory]);
    await all.look(signal);
    assert.deepEqual(names(all), [["a.example"], ["c.example"]]);
    assert.match(all.refused.get(join(directory, "b")) ?? "", /haproxy: too weak/);
    const questions = asked.length;
    await all.look(signal);
    assert.equal(asked.length, questions);
    assert.equal(changes, 1);
  });

  it("go on when they run out, but one that has run out never begins", async () => {
    await writeFile(join(directory, "a"), pem("a"));
    const all = open([directory]);
    await all.look(signal);
    time += 7_200_000;
    await writeFile(join(directory, "b"), pem("b"));
    await all.look(signal);
    assert.deepEqual(names(all), [["a.example"]]);
    assert.match(all.refused.get(join(directory, "a")) ?? "", /expired/);
    assert.match(all.refused.get(join(directory, "b")) ?? "", /expired/);
  });

  it("are those of an earlier life while a path cannot be read, until HAProxy refuses them", async () => {
    const source = join(directory, "away", "a.pem");
    const text = pem("a");
    const earlier = {
      source,
      text,
      digest: digestOfText(text),
      names: [],
      notBefore: 0,
      notAfter: 0,
      fingerprint: "",
    };
    const all = open([join(directory, "away")], [earlier]);
    await all.look(signal);
    assert.deepEqual(names(all), [["a.example"]]);
    assert.match(all.refused.get(join(directory, "away")) ?? "", /ENOENT/);
    disliked.add("a");
    const stricter = open([join(directory, "away")], [earlier]);
    await stricter.look(signal);
    assert.equal(
      stricter.good.find(({ digest }) => digest === earlier.digest),
      undefined,
    );
  });
});
