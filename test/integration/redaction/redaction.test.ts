import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { harmlessTexts, plantedSecrets } from "../../redaction/secrets.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const secrets = plantedSecrets.flatMap(({ secret, texts }) =>
  texts.map((text) => ({ secret, text: text.replace("*", () => secret) })),
);

describe("The policy of secrets", () => {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), "telltale-redaction-"));
  });
  beforeEach(() => receiver.clear());
  after(() => Promise.all([receiver.close(), rm(folder, { recursive: true })]));

  const run = async (
    texts: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> => {
    const file = join(folder, "texts.json");
    await writeFile(file, JSON.stringify(texts));
    const program = new Program({
      file: fileURLToPath(new URL("app.mjs", import.meta.url)),
      flags: preload.import,
      args: [file],
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        TELLTALE_CONSOLE_LOGS: "all",
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_BSP_MAX_QUEUE_SIZE: "10000",
        OTEL_BLRP_MAX_QUEUE_SIZE: "10000",
        TELLTALE_LOG_DIR: join(folder, "logs"),
        ...env,
      },
    });
    const ended = await program.ended;
    assert.equal(ended.code, 0, ended.stderr);
    await receiver.settled();
    return ended;
  };
  /** Everything that arrived, by signal. */
  const arrived = (): Readonly<Record<string, string>> => ({
    spans: JSON.stringify(receiver.spans),
    logs: JSON.stringify(receiver.logs),
    metrics: JSON.stringify(receiver.metrics),
    "items of Sentry": JSON.stringify(receiver.items),
    "log files": ["application.log", "errors.log"]
      .map((name) => readFileSync(join(folder, "logs", name), "utf8"))
      .join(""),
  });

  it("lets none of 150 secrets into spans, log records, log files, metrics and events", async () => {
    await run(secrets.map(({ text }) => text));
    assert.equal(receiver.spans.length, secrets.length + 1);
    for (const [signal, content] of Object.entries(arrived())) {
      assert.match(content, /REDACTED/, signal);
      const found = secrets.filter(({ secret }) => hasSecret(content, secret));
      assert.deepEqual(found, [], signal);
      assert.ok(!content.includes("swordfish9"), `a field in ${signal}`);
      assert.ok(!hasSecret(content, "471199"), `a number in ${signal}`);
    }
  });

  it("changes none of 200 texts without secrets", async () => {
    await run(harmlessTexts.filter((text) => text !== ""));
    const bodies = new Set(receiver.logs.map(({ body }) => body));
    const names = new Set(receiver.spans.map(({ name }) => name));
    for (const text of harmlessTexts.filter((one) => /^[\x20-\x7e]+$/.test(one))) {
      assert.ok(bodies.has(text), `the body ${text}`);
      assert.ok(names.has(`renamed ${text}`), `the name ${text}`);
    }
  });

  it("does not change what the app prints", async () => {
    const { stdout, stderr } = await run(["password=hunter2!"]);
    assert.match(stdout, /"message":"password=hunter2!"/);
    assert.match(stdout, /"apiKey":"swordfish9"/);
    assert.match(stderr, /^password=hunter2!$/m);
  });

  it("has the additions and exceptions of the variable", async () => {
    await run(["mail bob@example.com from 10.0.0.7:443", "session_id=abc123"], {
      TELLTALE_REDACT: "note,email,ip,-session_id",
    });
    const [body] = receiver.logs.filter(({ scope }) => scope.name === "winston");
    assert.equal(body?.body, "mail REDACTED from REDACTED:443");
    const notes = receiver.spans.map(({ attributes }) => attributes["note"]);
    assert.deepEqual(notes.slice(0, 2), ["REDACTED", "REDACTED"]);
  });

  it("is switched off by none", async () => {
    await run(["password=hunter2!"], { TELLTALE_REDACT: "none" });
    for (const content of Object.values(arrived())) assert.match(content, /hunter2!/);
  });
});

/** Whether a JSON text contains a secret. One of few digits may be a part of an id or a time. */
function hasSecret(content: string, secret: string): boolean {
  if (/^\d{1,8}$/.test(secret))
    return new RegExp(`(?<![\\da-f.])${secret}(?![\\da-f])`).test(content);
  return content.includes(JSON.stringify(secret).slice(1, -1));
}
