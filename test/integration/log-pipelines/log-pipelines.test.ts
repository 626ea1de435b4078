import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { levelNames, UNKNOWN_LEVEL } from "../../../src/ops/logs/level.ts";
import { idFields, labelFields } from "../../../src/ops/logs/line.ts";
import { generatedFile } from "../../ops/logs/generated.ts";
import { programOrSkip } from "../../programs.ts";
import { preload, Program } from "../program.ts";
import { runLua } from "./lua.ts";
import { matchesPattern } from "./metric-filter.ts";

const SECRET = "sk_planted_4eC39HqLyjWDarjtT1zdp7dc";

/** A line as it was written, and its fields if it is JSON. */
interface Line {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

describe("Lines of a preloaded app in the generated pipelines", function () {
  let folder: string;
  let stdout: readonly Line[];
  let stderr: readonly Line[];
  /** Lines by the name of their file. */
  let files: ReadonlyMap<string, readonly Line[]>;
  let fileLines: readonly Line[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-log-pipelines-"));
    const program = new Program({
      file: fileURLToPath(new URL("apps/lines.mjs", import.meta.url)),
      flags: preload.import,
      args: [SECRET],
      env: {
        OTEL_SERVICE_NAME: "shop",
        SENTRY_ENVIRONMENT: "staging",
        NODE_ENV: "production",
        OTEL_TRACES_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: "0",
        TELLTALE_FLUSH_TIMEOUT: "60000",
        TELLTALE_ACCESS_LOG: "all",
        TELLTALE_LOG_DIR: folder,
        TELLTALE_LOG_LEVELS: "*=silly",
      },
    });
    const result = await program.ended;
    assert.equal(result.code, 1, result.stderr);
    stdout = linesOf(result.stdout);
    stderr = linesOf(result.stderr);
    files = new Map(
      ["application", "errors", "performance", "security"].map((name) => [
        `${name}.log`,
        linesOf(readFileSync(join(folder, `${name}.log`), "utf8")),
      ]),
    );
    fileLines = [...files].flatMap(([name, lines]) => (name === "errors.log" ? [] : lines));
  });
  after(async () => {
    await Program.killAll();
    rmSync(folder, { recursive: true });
  });

  it("have the fields that pipelines make labels and metadata, in the files", () => {
    assert.ok(fileLines.length > 30, String(fileLines.length));
    for (const { text, fields } of fileLines) {
      for (const name of [...labelFields, "message", "logger"]) {
        assert.equal(typeof fields?.[name], "string", `${name}: ${text}`);
      }
      // RFC3339Nano of Go, %L of Fluent Bit, and the layout of the Collector's json_parser.
      assert.match(String(fields?.["timestamp"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    // Records of the OpenTelemetry API have ids of the trace only.
    const ofRequest = fileLines.filter(
      ({ fields }) => fields?.["trace_id"] !== undefined && fields["logger"] !== "api",
    );
    assert.ok(ofRequest.length > 30);
    for (const { text, fields } of ofRequest) {
      for (const name of idFields)
        assert.equal(typeof fields?.[name], "string", `${name}: ${text}`);
    }
  });

  it("are in application.log, too, if they are in errors.log, which no pipeline reads", () => {
    const application = new Set(files.get("application.log")!.map(({ text }) => text));
    assert.ok(files.get("errors.log")!.length > 5);
    for (const { text } of files.get("errors.log")!) assert.ok(application.has(text), text);
  });

  it("have no secret, in files and on stdout", () => {
    assert.ok(fileLines.some(({ text }) => text.includes("REDACTED")));
    for (const { text } of [...fileLines, ...stdout]) assert.ok(!text.includes(SECRET), text);
  });

  it("get labels, ids and times from the functions of Fluent Bit, by LuaJIT", async function () {
    const luajit = programOrSkip(this, "luajit");
    const lines = [...fileLines, ...stdout, ...stderr];
    const lua = write("lines.lua", generatedFile("fluent-bit/lines.lua"));
    const records = lines.map(({ text, fields }) => ({
      record: { log: text, container_name: "/shop-app-1", container_id: "c0ffee" },
      line: fields ?? {},
    }));
    const results = await runLua(luajit, lua, records, write);
    assert.equal(results.length, lines.length);
    for (const [index, { labelled, document, fields, time }] of results.entries()) {
      const { text, fields: line = {} } = lines[index]!;
      assert.equal(labelled["log"], text);
      assert.equal(labelled["level"], levelOf(line["level"]), text);
      assert.equal(labelled["service"], line["service"] ?? "shop-app-1", text);
      for (const name of idFields) assert.equal(labelled[name], line[name], `${name}: ${text}`);
      const isPino = typeof line["time"] === "number";
      assert.equal(time, isPino ? Number(line["time"]) / 1000 : undefined, text);
      assert.equal(document["message"], text);
      assert.equal(fields["message"], line["message"] ?? line["msg"] ?? text);
    }
  });

  it("match the metric filters of CloudWatch if their level is that of an error", () => {
    const { Resources } = parse(generatedFile("cloudwatch/alarms.yaml")) as {
      Resources: Record<string, { Properties: { FilterPattern: string } }>;
    };
    const lines = [...fileLines, ...stdout, ...stderr];
    const matched = (filter: string): readonly string[] =>
      lines
        .filter(({ fields }) => matchesPattern(Resources[filter]!.Properties.FilterPattern, fields))
        .map(({ text }) => text);
    const expected = (isExpected: (line: Record<string, unknown>) => boolean): readonly string[] =>
      lines
        .filter(({ fields }) => fields !== undefined && isExpected(fields))
        .map(({ text }) => text);
    const errors = ["error", "fatal"];
    assert.deepEqual(
      matched("TooManyErrorLinesFilter"),
      expected(({ level }) => errors.includes(levelOf(level))),
    );
    assert.deepEqual(
      matched("FatalLineFilter"),
      expected(({ level }) => levelOf(level) === "fatal"),
    );
    assert.deepEqual(
      matched("TooManySecurityEventsFilter"),
      expected(({ logger, event }) => logger === "telltale/security" && event === "failed_login"),
    );
    assert.ok(matched("TooManyErrorLinesFilter").length > 15);
    assert.ok(matched("FatalLineFilter").length >= 3);
  });

  it("are text where Node prints a crash, and pass without fields", () => {
    assert.ok(stderr.length > 3);
    assert.ok(stderr.every(({ fields }) => fields === undefined));
  });

  function write(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }
});

function linesOf(text: string): readonly Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ text: line, fields: fieldsOf(line) }));
}

/** Pipelines try each line that begins as an object does. */
function fieldsOf(line: string): Line["fields"] {
  try {
    return line.startsWith("{") ? (JSON.parse(line) as Line["fields"]) : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): string {
  const name = typeof level === "string" || typeof level === "number" ? String(level) : "";
  const found = Object.entries(levelNames).find(([, names]) => names.includes(name.toLowerCase()));
  return found?.[0] ?? UNKNOWN_LEVEL;
}
