import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes, oldNode } from "../../nodes.ts";
import type { ProgramResult } from "../program.ts";
import { runApp, appTelemetryEnv } from "./run.ts";

const dist = fileURLToPath(new URL("../../../dist", import.meta.url));

interface Way {
  readonly title: string;
  /** Flags, NODE_OPTIONS, and modules that the app loads. `A` and `B` are two copies of `dist/`. */
  readonly flags?: readonly string[];
  readonly options?: string;
  readonly loads?: readonly string[];
}

const importA = ["--import", "A/register.js"];

const ways: readonly Way[] = [
  { title: "by --import and NODE_OPTIONS", flags: importA, options: "--import A/register.js" },
  { title: "by --import twice", flags: [...importA, ...importA] },
  { title: "by --import and --require", flags: [...importA, "--require", "A/register.cjs"] },
  {
    title: "by --import and NODE_OPTIONS' --require",
    flags: importA,
    options: "--require A/register.cjs",
  },
  { title: "from two copies", flags: [...importA, "--import", "B/register.js"] },
  { title: "from two copies, both ways", flags: ["--require", "B/register.cjs", ...importA] },
  { title: "once more while it runs", flags: importA, loads: ["A/register.js"] },
  {
    title: "once more by require while it runs",
    flags: importA,
    loads: ["require:A/register.cjs"],
  },
  {
    title: "from another copy while it runs",
    flags: importA,
    loads: ["B/register.js", "require:B/register.js"],
  },
];

/** The state after one preload. `listeners` depend on the version of Node. */
interface AppOutput {
  readonly answer: string;
  readonly ids: number;
  readonly listeners: Readonly<Record<string, number>>;
}

describe("A preload that is requested twice", () => {
  let receiver: Receiver;
  let folder: string;
  before(async () => {
    receiver = await startReceiver();
    folder = mkdtempSync(join(tmpdir(), "telltale-twice-"));
    symlinkSync(dist, join(folder, "A"));
    mkdirSync(join(folder, "B"));
    cpSync(dist, join(folder, "B"), { recursive: true });
    cpSync(join(dirname(dist), "package.json"), join(folder, "package.json"));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await receiver.close();
  });

  const placed = (text: string): string => text.replaceAll(/\b([AB])\//g, `${folder}/$1/`);

  const start = async (way: Way, node: string): Promise<ProgramResult> => {
    const { flags = [], options, loads = [] } = way;
    return runApp({
      app: "asking.mjs",
      node,
      flags: flags.map(placed),
      args: loads.map(placed),
      env: {
        ...(await appTelemetryEnv(receiver)),
        ...(options !== undefined && { NODE_OPTIONS: placed(options) }),
      },
    });
  };

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    describe(`on Node ${name}`, () => {
      let once: AppOutput;
      before(async () => {
        const { stdout } = await start({ title: "once", flags: importA }, path);
        once = JSON.parse(stdout) as AppOutput;
      });
      beforeEach(() => receiver.clear());

      for (const way of ways) {
        it(`starts once: ${way.title}`, async () => {
          const { stdout, stderr, code } = await start(way, path);
          await receiver.settled();
          assert.equal(stderr, "");
          assert.equal(code, 0);
          assert.deepEqual(JSON.parse(stdout), once);
          assert.deepEqual([once.answer, once.ids], ["hello", 1]);
          const kinds = receiver.spans.map(({ kind }) => kind);
          assert.deepEqual(kinds.toSorted(), ["CLIENT", "SERVER"]);
        });
      }
    });
  }

  describe("on a Node that is too old", () => {
    for (const way of ways.filter(({ loads }) => loads === undefined)) {
      it(`logs one line: ${way.title}`, async () => {
        const bare = await runApp({ app: "old.mjs", node: oldNode });
        // An old Node fails by itself for --require of an ES module.
        const ended = await runApp({
          app: "old.mjs",
          node: oldNode,
          flags: way.flags?.map(placed) ?? [],
          env: way.options === undefined ? {} : { NODE_OPTIONS: placed(way.options) },
        });
        assert.match(
          ended.stderr,
          /^telltale: Node 20\.\S+ is too old, 22\.15 or newer is required.*\n$/,
        );
        assert.deepEqual(
          { ...ended, stderr: "", exitTookMs: 0 },
          { ...bare, stderr: "", exitTookMs: 0 },
        );
        assert.equal(ended.code, 3);
      });
    }
  });
});
