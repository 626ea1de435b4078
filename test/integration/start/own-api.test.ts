import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { runApp, appTelemetryEnv } from "./run.ts";

const require = createRequire(import.meta.url);

/** A copy of the API in an app. */
interface Copy {
  readonly version: string;
  readonly name: string;
  readonly way: "import" | "require";
  readonly hasMetrics: boolean;
}

/** `NEWER` is derived from telltale's copy. */
const copies: readonly Copy[] = [
  { version: "1.0.4", name: "api-1-0", way: "require", hasMetrics: false },
  { version: "1.4.1", name: "api-1-4", way: "require", hasMetrics: true },
  { version: "1.9.1", name: "api-1-9", way: "import", hasMetrics: true },
  { version: "1.10.0", name: "@opentelemetry/api", way: "import", hasMetrics: true },
  { version: "1.11.0", name: "NEWER", way: "require", hasMetrics: true },
  { version: "1.11.0", name: "NEWER", way: "import", hasMetrics: true },
];

/** Names of the app's spans and of their parents. `GET` is the request. */
const parents = {
  child: "GET",
  outer: "GET",
  inner: "outer",
  set: "GET",
  under: "set",
  remote: "b7ad6b7169203331",
  wrapped: "b7ad6b7169203331",
  root: "",
  // With a tracer that was created before the app disabled its API.
  later: "GET",
} as const;

const found = (hasMetrics: boolean): object => ({
  "active span": true,
  child: "done",
  "child of a child": "done",
  "set span": "done",
  "context value": ["value", null],
  bind: "bound",
  inject: { fields: ["baggage", "traceparent"], baggage: "customer=7" },
  extract: "done",
  "wrapped context": "done",
  root: "done",
  instruments: hasMetrics ? "made" : "none",
  diag: "done",
  "own providers": [false, false, false],
});

describe("An app's own copy of the API", () => {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-api-"));
    makeNewer(folder);
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    rmSync(folder, { recursive: true });
    await receiver.close();
  });

  const start = async (copy: Copy, node: string, flags: readonly string[]) => {
    const path = copy.name === "NEWER" ? join(folder, "dist", entryOf(copy.way)) : copy.name;
    const name = copy.way === "import" && copy.name === "NEWER" ? pathToFileURL(path).href : path;
    const env = await appTelemetryEnv(receiver);
    return runApp({ app: "own-api.mjs", node, flags, args: [name, copy.way], env });
  };

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    for (const copy of copies) {
      const title = `${copy.version} by ${copy.way}`;

      it(`(${title}) works, and its telemetry is part of telltale's, on Node ${name}`, async () => {
        const { stdout, stderr, code } = await start(copy, path, preload.import);
        await receiver.settled();
        assert.deepEqual([stderr, code], ["", 0]);
        const output = JSON.parse(stdout) as { found: object; page: string[] };
        assert.deepEqual(output.found, found(copy.hasMetrics));
        checkSpans(receiver.spans);
        checkPage(output.page, copy.hasMetrics);
      });
    }
  }
});

/** Version 1.10 with a later version number everywhere. */
function makeNewer(folder: string): void {
  cpSync(dirname(dirname(require.resolve("@opentelemetry/api"))), folder, { recursive: true });
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((file) => /\.[cm]?js$|package\.json$/.test(file))) {
    const text = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, file), text.replaceAll("1.10.0", "1.11.0"));
  }
}

function entryOf(way: Copy["way"]): string {
  return way === "import" ? "index.mjs" : "index.cjs";
}

function checkSpans(spans: readonly ReceivedSpan[]): void {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const own = spans.filter(({ scope }) => scope.name === "app");
  assert.deepEqual(
    Object.fromEntries(
      own.map(({ name, parentSpanId }) => [name, names.get(parentSpanId) ?? parentSpanId]),
    ),
    parents,
  );
  const child = own.find(({ name }) => name === "child");
  assert.deepEqual(child?.attributes, { own: 1, more: [1, 2] });
  assert.deepEqual(
    child.events.map(({ name }) => name),
    ["event"],
  );
  assert.equal(child.scope.version, "1.2.3");
  assert.equal(spans.filter(({ kind }) => kind === "SERVER").length, 2);
}

function checkPage(page: readonly string[], hasMetrics: boolean): void {
  const values = page.filter((line) => !line.includes("_bucket"));
  const expected = [
    /^app_counter_total\{.*own="yes".*\} 2$/,
    /^app_gauge(\{.*\})? 42$/,
    /^app_histogram_seconds_count(\{.*\})? 1$/,
    /^app_updown(\{.*\})? -1$/,
  ];
  for (const line of hasMetrics ? expected : []) {
    assert.ok(
      values.some((value) => line.test(value)),
      `${String(line)}\n${values.join("\n")}`,
    );
  }
  if (!hasMetrics) assert.deepEqual(page, []);
}
