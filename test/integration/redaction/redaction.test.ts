import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { harmlessTexts, plantedSecrets } from "../../redaction/secrets.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const secrets = plantedSecrets.flatMap(({ secret, texts }) =>
  texts.map((text) => ({ secret, text: text.replace("*", () => secret) })),
);

describe("The policy of secrets", () => {
  let receiver: Receiver;
  let folder: string;
  let logDir: string;
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
    logDir = await mkdtemp(join(folder, "logs-"));
    await writeFile(file, JSON.stringify(texts));
    const program = new Program({
      file: fileURLToPath(new URL("app.mjs", import.meta.url)),
      flags: preload.import,
      args: [file],
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        TELLTALE_CONSOLE_LOGS: "all",
        OTEL_METRICS_EXPORTER: "otlp,prometheus",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
        OTEL_BSP_MAX_QUEUE_SIZE: "10000",
        OTEL_BLRP_MAX_QUEUE_SIZE: "10000",
        TELLTALE_LOG_DIR: logDir,
        TELLTALE_ACCESS_LOG: "all",
        TELLTALE_SQL_LOG: "true",
        ...env,
      },
    });
    const ended = await program.ended;
    assert.equal(ended.code, 0, ended.stderr);
    await receiver.settled();
    return ended;
  };
  /** Everything that left the process, by sink. */
  const sinksOf = ({ stdout }: ProgramResult): Readonly<Record<string, string>> => {
    const lines = ownLines(stdout);
    const events = receiver.items.map(({ payload }) => payload);
    return {
      spans: JSON.stringify(receiver.spans.map((span) => ({ ...span, events: [] }))),
      "events of spans": JSON.stringify(receiver.spans.map((span) => span.events)),
      "log lines": JSON.stringify(lines.filter(({ logger }) => logger === "shop")),
      "the access log": JSON.stringify(lines.filter(({ logger }) => logger === "telltale/http")),
      "the SQL log": JSON.stringify(lines.filter(({ logger }) => logger === "telltale/sql")),
      "log records": JSON.stringify(receiver.logs),
      ...Object.fromEntries(
        logFiles.map((name) => [name, readFileSync(join(logDir, name), "utf8")]),
      ),
      metrics: JSON.stringify(receiver.metrics),
      "the page of metrics": readFileSync(join(folder, "texts.json.page"), "utf8"),
      "events of Sentry": JSON.stringify(events.map((event) => withoutBreadcrumbs(event))),
      breadcrumbs: JSON.stringify(events.map((event) => readField(event, "breadcrumbs"))),
    };
  };

  it("lets none of 150 secrets of 40 kinds into any sink", async () => {
    const ended = await run(secrets.map(({ text }) => text));
    assert.ok(plantedSecrets.length >= 40 && secrets.length >= 150);
    for (const [sink, content] of Object.entries(sinksOf(ended))) {
      assert.ok(content.length > 1000, `${sink}: ${content}`);
      if (sink !== "the SQL log") assert.match(content, /REDACTED/, sink);
      const found = secrets.filter(({ secret }) => hasSecret(content, secret));
      assert.deepEqual(found, [], sink);
      assert.ok(!content.includes("swordfish9"), `a field in ${sink}`);
      assert.ok(!hasSecret(content, "471199"), `a number in ${sink}`);
    }
  });

  it("changes at most 2 of 200 texts without secrets, in any sink", async () => {
    const texts = [...new Set(harmlessTexts)].filter((one) => /^[\x20-\x7e]+$/.test(one));
    const { stdout } = await run(texts);
    const lines = ownLines(stdout);
    const sinks: Readonly<Record<string, ReadonlySet<unknown>>> = {
      bodies: new Set(receiver.logs.map(({ body }) => body)),
      names: new Set(receiver.spans.map(({ name }) => name.replace(/^renamed /, ""))),
      attributes: new Set(receiver.spans.map(({ attributes }) => attributes["note"])),
      lines: new Set(lines.map(({ message }) => message)),
      paths: new Set(lines.map(({ path }) => path)),
      "paths of spans": new Set(receiver.spans.map(({ attributes }) => attributes["url.path"])),
      metrics: new Set(
        receiver.metrics.flatMap(({ points }) =>
          points.map(({ attributes }) => attributes["note"]),
        ),
      ),
    };
    const changed = new Set<string>();
    for (const [sink, contents] of Object.entries(sinks)) {
      for (const text of texts) {
        const expected = sink.startsWith("paths") ? `/p/${encodeURIComponent(text)}` : text;
        if (!contents.has(expected)) changed.add(`${sink}: ${text}`);
      }
    }
    assert.deepEqual([...changed], []);
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
    const bodies = receiver.logs
      .filter(({ scope, severityText }) => scope.name === "winston" && severityText === "info")
      .map(({ body }) => body);
    // Batches may arrive in any order.
    assert.ok(bodies.includes("mail REDACTED from REDACTED:443"), JSON.stringify(bodies));
    const notes = receiver.spans.flatMap(({ attributes }) => attributes["note"] ?? []);
    assert.deepEqual(notes, ["REDACTED", "REDACTED"]);
  });

  it("is switched off by none", async () => {
    const ended = await run(["password=hunter2!"], { TELLTALE_REDACT: "none" });
    const { spans, metrics, breadcrumbs, "log records": records } = sinksOf(ended);
    for (const content of [spans, metrics, breadcrumbs, records])
      assert.match(content ?? "", /hunter2!/);
  });
});

const logFiles = ["application.log", "errors.log", "performance.log", "security.log"] as const;

/** Returns the lines that telltale has written to stdout, between those of the app. */
function ownLines(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split("\n")
    .filter((line) => /^\{.*"logger":"(?:shop|telltale\/)/.test(line))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

function readField(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[name];
}

function withoutBreadcrumbs(event: unknown): object {
  return { ...Object(event), breadcrumbs: [] } as object;
}

/** Whether a JSON text contains a secret, as it is or percent-encoded. One of few digits may be a part of an id or a time. */
function hasSecret(content: string, secret: string): boolean {
  if (/^\d{1,8}$/.test(secret))
    return new RegExp(`(?<![\\da-f.])${secret}(?![\\da-f])`).test(content);
  const forms = [
    secret,
    encodeURIComponent(secret),
    String(new URLSearchParams({ a: secret })).slice(2),
  ];
  return forms.some((form) => content.includes(JSON.stringify(form).slice(1, -1)));
}
