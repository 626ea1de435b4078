import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { lazyEntryPoints } from "../../../../scripts/build/lazy-modules.ts";
import { bundleForTest, type TestBundle } from "../../../bundle.ts";
import { nodes } from "../../../nodes.ts";
import { logIdsOf } from "../../../logs/requests.ts";

/** Programs, and the flags that preload telltale; undefined if the program requires it itself. */
const programs = [
  { program: "lines.cjs", flags: ["--require"] },
  { program: "lines.cjs", flags: ["--import"] },
  { program: "lines.mjs", flags: ["--require"] },
  { program: "lines.mjs", flags: ["--import"] },
  { program: "named-lines.mjs", flags: ["--import"] },
  { program: "late-lines.cjs", flags: undefined },
];

const fatal = { exception: "uncaughtException", rejection: "unhandledRejection" };

describe("Winston in an app", () => {
  let bundled: TestBundle;
  let preload: string;
  before(async () => {
    bundled = await bundleForTest("logs", {
      preload: "test/instrumentation/loggers/winston/fixtures/preload.ts",
      ...lazyEntryPoints("logs/value-copier.ts", "redaction/", "instrumentation/loggers/winston/"),
    });
    preload = bundled.path("preload");
  });
  after(() => bundled.remove());

  for (const node of nodes) {
    for (const { program, flags } of programs) {
      const how = flags?.join(" ") ?? "its own require";
      it(`writes ids once and one record per line: ${program} by ${how} on Node ${node.name}`, async () => {
        const use = flags?.map((flag) => `${flag}=${preload}`) ?? [];
        const run = await runProgram(node.path, [...use, fixture(program)], preload);
        const lines = run.stdout.trim().split("\n").map(parse);
        const expected = lines.map((_, request) => logIdsOf(request));
        assert.equal(lines.length, 11);
        assert.deepEqual(lines.map(ids), expected);
        assert.deepEqual(run.records.map(recordIds), expected);
        assert.deepEqual(new Set(run.records.map(({ body }) => body)), new Set(["line"]));
      });
    }

    it(`prints the same text as without telltale on Node ${node.name}`, async () => {
      const program = [fixture("all-lines.cjs")];
      const bare = await runProgram(node.path, program, preload);
      const run = await runProgram(node.path, [`--import=${preload}`, ...program], preload);
      assert.deepEqual(comparable(run), comparable(bare));
      assert.ok(run.records.length >= 6 * 2 * 6 * 12, `${run.records.length} records`);
    });

    for (const [kind, title] of Object.entries(fatal)) {
      it(`handles an ${title} as without telltale, and records it, on Node ${node.name}`, async () => {
        const program = [fixture("throws.cjs"), kind];
        const [bare, run] = await Promise.all([
          runProgram(node.path, program, preload),
          runProgram(node.path, [`--import=${preload}`, ...program], preload),
        ]);
        assert.equal(bare.stdout, `error ${title}: too far\n`);
        assert.deepEqual(comparable(run), comparable(bare));
        assert.equal(run.records.length, 1);
        assert.equal(run.records[0]?.attributes["exception.type"], "RangeError");
        assert.equal(run.records[0]?.attributes["exception.message"], "too far");
      });
    }
  }
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly records: readonly FoundRecord[];
}

interface FoundRecord {
  readonly body: string;
  readonly spanContext: {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
  };
  readonly attributes: Readonly<Record<string, unknown>>;
}

let runs = 0;

async function runProgram(node: string, args: readonly string[], preload: string): Promise<Run> {
  const file = join(preload, "..", `records-${++runs}.json`);
  const env = { ...process.env, RECORDS: file, PRELOAD: preload };
  const result = await new Promise<Omit<Run, "records">>((resolve) => {
    const child = execFile(node, args, { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
  const text = await readFile(file, "utf8").catch(() => "[]");
  await rm(file, { force: true });
  return { ...result, records: JSON.parse(text) as FoundRecord[] };
}

function comparable({ code, stdout, stderr }: Run): Omit<Run, "records"> {
  return { code, stdout, stderr };
}

type Line = Readonly<Record<string, unknown>>;

function parse(line: string): Line {
  return JSON.parse(line) as Line;
}

function ids({ trace_id, span_id, trace_flags, request_id }: Line): Line {
  return { trace_id, span_id, trace_flags, request_id };
}

function recordIds({ spanContext, attributes }: FoundRecord): Line {
  return {
    trace_id: spanContext.traceId,
    span_id: spanContext.spanId,
    trace_flags: spanContext.traceFlags.toString(16).padStart(2, "0"),
    request_id: attributes["telltale.request.id"],
  };
}

function fixture(name: string): string {
  return join(import.meta.dirname, "fixtures", name);
}
