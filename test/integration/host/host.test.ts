import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { nodes } from "../../nodes.ts";
import { type ProgramResult, preload, Program } from "../program.ts";

interface Row {
  readonly title: string;
  /** In `apps/ways.cjs`. */
  readonly way: string;
  readonly flags?: readonly string[];
  /** Of stderr, that must be the same. */
  readonly stdout?: RegExp;
  /** Where Node can't do it before. */
  readonly from?: string;
}

const firstFrame = /^\s+at [^(\n]+/m;

const rows: readonly Row[] = [
  { title: "process.nextTick that was replaced", way: "replacedNextTick" },
  // What is loaded after that may be missing, and is said to be.
  { title: "process, where that was replaced", way: "replacedProcess", stdout: /^/ },
  { title: "timers that were replaced", way: "replacedTimers" },
  { title: "observers of Node's own work", way: "observedEntries" },
  {
    title: "the stack that --trace-exit prints",
    way: "tracedExit",
    flags: ["--trace-exit"],
    stdout: firstFrame,
  },
  {
    title: "the stack that --trace-exit prints where others listen",
    way: "tracedExitWithListeners",
    flags: ["--trace-exit"],
    stdout: firstFrame,
  },
  { title: "process.reallyExit, also replaced at the end", way: "exitFunction" },
  { title: "process.kill", way: "killFunction" },
  { title: "the address of a client that is gone", way: "closedConnection" },
  { title: "the address of a client that upgraded and is gone", way: "closedUpgrade" },
  { title: "the address of a client that is there", way: "openConnection" },
  { title: "the address of a client of HTTP/2 that is gone", way: "closedHttp2" },
  { title: "sensitive headers of HTTP/2", way: "sensitiveHeaders" },
  { title: "sensitive headers of HTTP/2 in an array", way: "sensitiveHeadersInArray", from: "24" },
  { title: "headers of HTTP/2 with a getter", way: "headersReadOnce" },
  { title: "headers of HTTP/2 of any name", way: "headersOfOddNames" },
  { title: "a request of HTTP/2 without headers", way: "noHeaders" },
  { title: "headers of HTTP/2 that are none", way: "wrongHeaders" },
  { title: "sensitive headers of an answer of HTTP/2", way: "sensitiveAnswer" },
  {
    title: "sensitive headers of an answer of HTTP/2 in an array",
    way: "sensitiveAnswerInArray",
    from: "24",
  },
];

describe("An app finds as it would without us", () => {
  for (const { name, path } of nodes) {
    for (const { title, way, flags = [], stdout: output, from = "22" } of rows) {
      if (Number.parseFloat(name) < Number(from)) continue;
      it(`${title}, on Node ${name}`, async () => {
        const [bare, preloaded] = await Promise.all([
          run(way, path, flags),
          run(way, path, [...flags, ...preload.import]),
        ]);
        assert.notEqual(bare.stdout + bare.stderr, "");
        assert.deepEqual(comparable(preloaded, output), comparable(bare, output));
      });
    }
  }

  for (const { name, path } of nodes) {
    for (const by of ["import", "require"] as const) {
      it(`itself with --no-experimental-require-module, by --${by}, and is told what is missing, on Node ${name}`, async () => {
        const flags = ["--no-experimental-require-module", ...preloadFor[by]];
        const { code, stdout, stderr } = await run("killFunction", path, flags);
        assert.equal(code, 0);
        assert.match(stdout, /^kill 2 /);
        assert.match(
          stderr,
          /^telltale: the flag --no-require-module prevents [^\n]+; nothing is recorded\.\n$/,
        );
      });
    }
  }
});

/** What `require` gets of the package there. */
const preloadFor = {
  import: preload.import,
  require: preload.require.map((part) => part.replace(/register\.js$/, "register.cjs")),
};

function run(way: string, node: string, flags: readonly string[]): Promise<ProgramResult> {
  const file = fileURLToPath(new URL("apps/ways.cjs", import.meta.url));
  // Nothing is sent: what an app observes of it is of its own doing.
  const env = {
    OTEL_TRACES_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  };
  return new Program({ file, node, flags, args: [way], env }).ended;
}

function comparable({ code, signal, stdout, stderr }: ProgramResult, output?: RegExp): object {
  return { code, signal, stdout, said: output?.exec(stderr)?.[0] ?? stderr };
}
