import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { nodes } from "../../nodes.ts";
import { type ProgramResult, preload, Program } from "../program.ts";

interface Row {
  readonly title: string;
  /** In `apps/ways.cjs`. */
  readonly way: string;
  readonly flags?: readonly string[];
  /** The part of stderr that must be the same. */
  readonly stdout?: RegExp;
  /** The first version of Node with the feature. */
  readonly from?: string;
}

const firstFrame = /^\s+at [^(\n]+/m;

const rows: readonly Row[] = [
  { title: "a replaced process.nextTick", way: "replacedNextTick" },
  // Modules that are loaded later may be missing, which is reported.
  { title: "a replaced process", way: "replacedProcess", stdout: /^/ },
  { title: "replaced timers", way: "replacedTimers" },
  { title: "performance observers", way: "observedEntries" },
  {
    title: "the stack that --trace-exit prints",
    way: "tracedExit",
    flags: ["--trace-exit"],
    stdout: firstFrame,
  },
  {
    title: "the stack that --trace-exit prints with other listeners",
    way: "tracedExitWithListeners",
    flags: ["--trace-exit"],
    stdout: firstFrame,
  },
  { title: "process.reallyExit, also replaced at the end", way: "exitFunction" },
  { title: "process.kill", way: "killFunction" },
  { title: "the address of a disconnected client", way: "closedConnection" },
  { title: "the address of a disconnected client after an upgrade", way: "closedUpgrade" },
  { title: "the address of a connected client", way: "openConnection" },
  { title: "the address of a disconnected HTTP/2 client", way: "closedHttp2" },
  { title: "sensitive headers of HTTP/2", way: "sensitiveHeaders" },
  { title: "sensitive headers of HTTP/2 in an array", way: "sensitiveHeadersInArray", from: "24" },
  { title: "headers of HTTP/2 with a getter", way: "headersReadOnce" },
  { title: "headers of HTTP/2 of any name", way: "headersOfOddNames" },
  { title: "a request of HTTP/2 without headers", way: "noHeaders" },
  { title: "invalid headers of HTTP/2", way: "wrongHeaders" },
  { title: "sensitive headers of an HTTP/2 response", way: "sensitiveAnswer" },
  {
    title: "sensitive headers of an HTTP/2 response in an array",
    way: "sensitiveAnswerInArray",
    from: "24",
  },
];

describe("An app finds the same as without telltale:", () => {
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
      it(`itself with --no-experimental-require-module, by --${by}, with a message about what is missing, on Node ${name}`, async () => {
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
  return { code, signal, stdout, reported: output?.exec(stderr)?.[0] ?? stderr };
}
