import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";
import { asynchronous, failing, modules } from "./modules.ts";

const app = fileURLToPath(new URL("apps/shop/app.js", import.meta.url));

describe("An extension", () => {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), "telltale-extension-"));
    const failingFiles = failing.map(([name, text]) => [name, text] as const);
    for (const [name, text] of [...Object.entries(modules), ...failingFiles])
      await writeFile(join(folder, name), text);
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await receiver.close();
    await rm(folder, { recursive: true });
  });

  const run = async (
    flags: readonly string[],
    env: Record<string, string> = {},
    args: readonly string[] = [],
  ): Promise<ProgramResult> => {
    const program = new Program({
      ...{ file: app, flags, args },
      env: { ...telemetryEnv(receiver), ...env },
    });
    const result = await program.ended;
    await receiver.settled();
    return result;
  };

  it("beside package.json changes spans, ids, log records, events, headers, secrets and checks", async () => {
    const { code, stdout, stderr } = await run(preload.import);
    assert.deepEqual([code, stderr], [0, ""]);
    const price = receiver.spans.find(({ name }) => name === "price") ?? assert.fail();
    assert.match(price.traceId, /^feed[0-9a-f]{28}$/);
    assert.match(price.spanId, /^feed[0-9a-f]{12}$/);
    assert.deepEqual(
      ["shop.kind", "shop.has.context", "shop.ending", "shop.sampled"].map(
        (key) => price.attributes[key],
      ),
      [0, true, true, "price"],
    );
    assert.match(stdout, /^ended price true warehouse$/m, "members of the SDK 1.x and 2.x");
    assert.match(stdout, /^first \{.*"x-shop-trace":"outgoing"/m);
    assert.match(stdout, /^ready \{[^]*"stock":/m);
    assert.match(stdout, /^flushed\nforced$/m, "it is flushed with the provider");
    assert.match(stdout, /^flushed\n$/m, "and at the end of the script");
    const kinds = new Set(receiver.spans.map(({ attributes }) => attributes["shop.kind"]));
    assert.deepEqual(kinds, new Set([0, 1, 2]), "internal, server and client spans");
    const sampled = receiver.spans.map(({ attributes }) => attributes["shop.sampled"]);
    assert.ok(sampled.includes("/first") && !sampled.includes("/unwanted"), "by the path");
    const first = receiver.spans.find(({ name }) => name === "shop /first") ?? assert.fail();
    assert.deepEqual(
      ["shop.path", "shop.status"].map((key) => first.attributes[key]),
      ["/first", 200],
    );
    const region = ["shop.region", "shop.zone", "shop.rack", "service.name", "telemetry.sdk.name"];
    assert.deepEqual(
      region.map((key) => first.resource.attributes[key]),
      ["ch", "a", 7, "warehouse", "telltale"],
    );
    const paths = receiver.spans.map(({ attributes }) => attributes["shop.path"]);
    assert.ok(paths.includes("/first") && !paths.includes("/ignored"), "without ignored requests");
    const [record] = receiver.logs;
    assert.deepEqual(
      [record?.body, record?.attributes["shop.seen"]],
      ["changed", "priced for REDACTED"],
    );
    const [event] = receiver.events;
    assert.equal(event?.tags?.["extension"], "yes");
  });

  it("is not loaded with TELLTALE_EXTENSION=none", async () => {
    const { code, stdout, stderr } = await run(preload.import, { TELLTALE_EXTENSION: "none" }, [
      "--once",
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^end$/m);
    assert.ok(receiver.spans.every(({ attributes }) => !("shop.kind" in attributes)));
  });

  for (const [index, name] of Object.keys(modules).entries()) {
    const how = index % 2 === 0 ? "import" : "require";
    it(`is loaded from ${name} by --${how}`, async () => {
      const { code, stderr } = await run(preload[how], { TELLTALE_EXTENSION: join(folder, name) });
      assert.deepEqual([code, stderr], [0, ""]);
      const marked = receiver.spans.filter(
        ({ attributes }) => attributes["from"] === join(folder, name),
      );
      if (asynchronous.has(name)) assert.ok(marked.length > 0);
      else assert.equal(marked.length, receiver.spans.length);
    });
  }

  for (const [name, , lines] of [
    ...failing,
    ["missing.mjs", "", [/it, or a module of it, is not found;/]] as const,
  ]) {
    it(`that fails (${name}) never stops the app, and is reported`, async () => {
      const { code, stdout, stderr } = await run(
        preload.import,
        { TELLTALE_EXTENSION: join(folder, name) },
        ["--once"],
      );
      assert.deepEqual([code, /^end$/m.test(stdout)], [0, true], stderr);
      const written = stderr.split("\n").filter((line) => line !== "");
      assert.ok(
        written.every((line) => line.startsWith("telltale: ")),
        stderr,
      );
      for (const line of lines)
        assert.ok(
          written.some((text) => line.test(text)),
          `${line}\n${stderr}`,
        );
      assert.equal(stderr.includes("hunter2"), false);
      assert.ok(receiver.spans.some(({ name: span }) => span === "price"));
      assert.ok(receiver.events.length > 0);
    });
  }
});
