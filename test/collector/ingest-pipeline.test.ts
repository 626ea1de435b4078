import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mavenJars } from "../libraries/servers/maven-jars.ts";
import { generatedFile } from "../ops/logs/generated.ts";
import { programOrSkip } from "../programs.ts";

const run = promisify(execFile);
const painless = join(import.meta.dirname, "painless");

const ids = { trace_id: "5b8efff798038103d269b633813fc60c", span_id: "eee19b7ec3c1b174" };

/** A line, and the document that Elasticsearch stores of it. `log` and `service` are a shipper's. */
const cases: readonly (readonly [title: string, line: string, document: object])[] = [
  [
    "of a log file",
    JSON.stringify({
      timestamp: "2026-11-30T07:01:44.738Z",
      level: "error",
      message: "not placed",
      service: "shop",
      environment: "production",
      logger: "shop.orders",
      ...ids,
      request_id: "r-81",
      user_id: "u-7",
      organization_id: "o-3",
      "exception.type": "Error",
      "exception.message": "bank\nclosed",
      "exception.stacktrace": "Error: bank\nclosed\n    at x",
      order: 12,
    }),
    {
      "@timestamp": "2026-11-30T07:01:44.738Z",
      message: "not placed",
      service: { name: "shop", environment: "production" },
      log: { offset: 1, logger: "shop.orders", level: "error" },
      trace: { id: ids.trace_id },
      span: { id: ids.span_id },
      http: { request: { id: "r-81" } },
      user: { id: "u-7" },
      organization: { id: "o-3" },
      error: {
        type: "Error",
        message: "bank\nclosed",
        stack_trace: "Error: bank\nclosed\n    at x",
      },
      telltale: { order: 12 },
    },
  ],
  [
    "of pino on stdout",
    '{"level":60,"time":1796056586332,"pid":1,"err":{"type":"TypeError","message":"x","stack":"s"},"msg":"failed"}',
    {
      "@timestamp": 1796056586332,
      message: "failed",
      service: { name: "container" },
      log: { offset: 1, level: "fatal" },
      error: { type: "TypeError", message: "x", stack_trace: "s" },
      telltale: { pid: 1, err: {} },
    },
  ],
  [
    "of telltale/logger on stdout, with an error",
    '{"level":"Crit","message":"m","error":{"name":"RangeError","message":"bank","stack":"s"}}',
    {
      message: "m",
      service: { name: "container" },
      log: { offset: 1, level: "error" },
      error: { type: "RangeError", message: "bank", stack_trace: "s" },
      telltale: { error: {} },
    },
  ],
  [
    "whose fields have other types",
    '{"level":{"a":1},"service":7,"time":"soon","error":"text","log":"x"}',
    {
      message: '{"level":{"a":1},"service":7,"time":"soon","error":"text","log":"x"}',
      service: { name: "7" },
      log: { offset: 1, level: "unknown" },
      telltale: { error: "text", log: "x" },
    },
  ],
  ...["    at crash (file:1)", "[1]", '{"broken'].map(
    (line) =>
      [
        `that is ${line.trim()}`,
        line,
        { message: line, service: { name: "container" }, log: { offset: 1, level: "unknown" } },
      ] as const,
  ),
];

describe("The ingest pipeline of Elasticsearch, by the Painless engine of OpenSearch", function () {
  let folder: string;
  let documents: readonly object[];

  before(async function () {
    // Maven gets the jars once.
    this.timeout(10 * 60_000);
    for (const program of ["java", "javac", "mvn"]) programOrSkip(this, program);
    folder = mkdtempSync(join(tmpdir(), "telltale-ingest-"));
    const classpath = join(await mavenJars("painless", join(painless, "pom.xml")), "*");
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const pipeline = write("pipeline.json", generatedFile("elasticsearch/ingest-pipeline.json"));
    const lines = cases.map(([, message]) =>
      JSON.stringify({ message, service: { name: "container" }, log: { offset: 1 } }),
    );
    const input = write("documents.json", `${lines.join("\n")}\n`);
    await run("javac", ["-cp", classpath, "-d", folder, join(painless, "Ingest.java")]);
    const args = ["-cp", `${classpath}:${folder}`, "Ingest", pipeline, input];
    const { stdout } = await run("java", args);
    documents = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [index, [title, , expected]] of cases.entries()) {
    it(`makes a document of a line ${title}`, () => {
      assert.deepEqual(documents[index], expected);
    });
  }
});
