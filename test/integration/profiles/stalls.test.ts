import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { StallDetail } from "../../../src/viewer/model.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program } from "../program.ts";
import { Debugger } from "./debugger.ts";
import { type OpenedViewer, openViewer } from "./opened-viewer.ts";

const file = fileURLToPath(new URL("blocking.ts", import.meta.url));
const source = readFileSync(file, "utf8").split("\n");

/** The functions block for 900 ms; how long before the first tick is unknown, and a machine is busy. */
const MIN_MS = 500;

const FUNCTIONS: Readonly<Record<string, string>> = {
  "/loop": "loopOverPrices",
  "/parse": "parseStock",
  "/read": "readEveryFile",
  "/match": "matchName",
  "/tool": "waitForTool",
};

/** Whether a line is one of a function. */
function isIn(name: string, line: number): boolean {
  const first = source.findIndex((text) => text.includes(`function ${name}(`)) + 1;
  const last = source.findIndex((text, at) => at >= first && text === "}") + 1;
  return line >= first && line <= last;
}

interface AppRow {
  readonly framework: "express" | "fastify";
  readonly format: "esm" | "cjs" | "ts";
  readonly routes: readonly string[];
}

const ALL = Object.keys(FUNCTIONS);
const APPS: readonly AppRow[] = [
  { framework: "express", format: "esm", routes: ALL },
  { framework: "express", format: "ts", routes: ["/loop"] },
  { framework: "fastify", format: "cjs", routes: ALL },
  { framework: "fastify", format: "ts", routes: ["/loop"] },
];

describe("A stall of the event loop in the viewer", () => {
  let folder: string;
  let viewer: OpenedViewer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "telltale-blocking-"));
    viewer = await openViewer(fileURLToPath(new URL(".", import.meta.url)));
  });
  after(async () => {
    await viewer.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    await viewer.fetch("/api/requests", { method: "DELETE" });
  });

  for (const { framework, format, routes } of APPS) {
    describe(`of an app with ${framework}, as ${format}`, () => {
      let program: Program;
      let port: number;
      before(async () => {
        program = startApp(await built(folder, format), framework, viewer.url);
        port = Number(await program.waitForStdout((text) => /"port":(\d+)/.exec(text)?.[1]));
      });
      after(async () => {
        program.kill("SIGKILL");
        await program.ended;
      });

      for (const route of routes) {
        it(`has its duration, and the function that blocks: ${route}`, async () => {
          await (await fetch(`http://127.0.0.1:${port}${route}`)).text();
          const stall = await stallOf(viewer, `GET ${route}`, FUNCTIONS[route]!);
          assert.ok(stall.durationMs > MIN_MS, JSON.stringify(stall));
          assert.equal(stall.place?.file, file, JSON.stringify(stall));
          assert.ok(isIn(FUNCTIONS[route]!, stall.place.line), JSON.stringify(stall));
        });
      }

      it("is none where the app waits", async () => {
        await (await fetch(`http://127.0.0.1:${port}/waits`)).text();
        const [unit] = await viewer.units("name=GET%20%2Fwaits");
        assert.deepEqual((await viewer.unit(unit!.id)).stalls, []);
      });
    });
  }

  it("is none of the time in which the process was suspended", async () => {
    const program = startApp(await built(folder, "esm"), "express", viewer.url);
    const port = await program.waitForStdout((text) => /"port":(\d+)/.exec(text)?.[1]);
    // Until then the thread that watches the app has started.
    await (await fetch(`http://127.0.0.1:${port}/waits`)).text();
    const response = fetch(`http://127.0.0.1:${port}/stops`).then((one) => one.text());
    await program.waitForStdout((text) => (text.includes("stops") ? true : undefined));
    await wait(1_500);
    program.kill("SIGCONT");
    await response;
    await checkNoStall("/stops");
    program.kill("SIGKILL");
    await program.ended;
  });

  it("is none of the time in which a debugger has paused the code", async () => {
    const program = startApp(await built(folder, "esm"), "express", viewer.url, ["--inspect=0"]);
    const port = await program.waitForStdout((text) => /"port":(\d+)/.exec(text)?.[1]);
    const attached = await Debugger.connect(await inspectorOf(program));
    await attached.breakAtCallsOf("writeSync");
    const response = fetch(`http://127.0.0.1:${port}/pauses`).then((one) => one.text());
    await attached.paused;
    await wait(1_500);
    await attached.resume();
    await response;
    await checkNoStall("/pauses");
    program.kill("SIGKILL");
    await program.ended;
  });

  async function checkNoStall(route: string): Promise<void> {
    const [unit] = await viewer.units(`name=${encodeURIComponent(`GET ${route}`)}`);
    const { durationMs, id } = unit!;
    assert.ok(durationMs > 1_000, String(durationMs));
    assert.deepEqual((await viewer.unit(id)).stalls, []);
  }
});

/** Returns the program: the source itself, or a build of it with a source map. */
async function built(folder: string, format: AppRow["format"]): Promise<string> {
  if (format === "ts") return file;
  const outfile = join(folder, format === "esm" ? "shop.mjs" : "shop.cjs");
  await build({
    entryPoints: [file],
    outfile,
    format,
    platform: "node",
    sourcemap: true,
    minifyWhitespace: true,
  });
  return outfile;
}

function startApp(
  program: string,
  framework: string,
  viewerUrl: string,
  flags: readonly string[] = [],
): Program {
  return new Program({
    file: program,
    args: [framework, file],
    flags: [...flags, ...preload.import],
    env: {
      TELLTALE_VIEWER: viewerUrl,
      TELLTALE_EVENT_LOOP_STALL_MS: "100",
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
    },
  });
}

/** Resolves with the address of a program's inspector, once it is on stderr. */
function inspectorOf(program: Program): Promise<string> {
  return pollUntil(
    () => Promise.resolve(/ws:\/\/\S+(?=\n)/.exec(program.stderr)?.[0]),
    "the address of the inspector",
  );
}

/** Returns the longest stall in a function, of the latest request of a name. */
function stallOf(viewer: OpenedViewer, name: string, blocking: string): Promise<StallDetail> {
  let found: readonly StallDetail[] = [];
  return pollUntil(
    async () => {
      const [unit] = await viewer.units(`name=${encodeURIComponent(name)}`);
      found = (await viewer.unit(unit!.id)).stalls;
      // A process that does not run for a while, on a busy machine, has stalls elsewhere, too.
      return found
        .filter(({ stack }) => stack?.includes(blocking))
        .toSorted((a, b) => b.durationMs - a.durationMs)[0];
    },
    () => `a stall of ${name} in ${blocking}; there are ${JSON.stringify(found)}`,
  );
}
