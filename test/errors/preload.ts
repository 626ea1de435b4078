import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { root } from "../../scripts/build/paths.ts";
import { lazyEntryPoints } from "../../scripts/build/lazy-modules.ts";
import { moduleAliases } from "../../src/instrumentation/upstream/module-aliases.ts";
import { node } from "../nodes.ts";
import { pollUntilTrue } from "../until.ts";

/** How a process ended. */
export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Time since its start, in milliseconds. */
  readonly tookMs: number;
}

export interface BundledRunOptions {
  readonly node?: string;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Without the preload. */
  readonly bare?: boolean;
  /** A command that runs Node: its arguments are followed by those of Node. */
  readonly launcher?: readonly string[];
}

/** A process that has not ended yet. */
export interface RunningProgram {
  readonly ended: Promise<ProcessResult>;
  /** Resolves when stdout contains the text. Rejects if the process ends before. */
  waitForOutput(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** The preload and the programs of these tests, as JavaScript for every version of Node. */
export interface BundledPrograms {
  run(program: string, options?: BundledRunOptions): Promise<ProcessResult>;
  start(program: string, options?: BundledRunOptions): RunningProgram;
  remove(): Promise<void>;
}

/** Disables the other signals of the preload. */
const signalsOff = {
  OTEL_LOG_LEVEL: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  OTEL_SERVICE_NAME: "shop",
  TELLTALE_FLUSH_TIMEOUT: "60000",
};

/**
 * Bundles the preload with the lazy modules that these tests need, as the build does,
 * and each program (a file of `fixtures/`) separately: it contains the public API, like
 * a bundled app. Call `remove` after use.
 */
export async function bundlePrograms(names: readonly string[]): Promise<BundledPrograms> {
  const directory = await mkdtemp(join(tmpdir(), "telltale-errors-"));
  // Outside node_modules, where no code counts as the app's own.
  await symlink(join(root, "node_modules"), join(directory, "node_modules"));
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    minifySyntax: true,
    logLevel: "warning",
  } as const;
  await Promise.all([
    build({
      ...shared,
      entryPoints: { preload: "test/errors/fixtures/preload.ts", ...neededModules() },
      outdir: directory,
      splitting: true,
      alias: moduleAliases,
    }),
    build({
      ...shared,
      entryPoints: names.map((name) => `test/errors/fixtures/${name}`),
      outdir: join(directory, "programs"),
      external: ["express", "@sentry/core", "sentry-core-old"],
    }),
  ]);
  return {
    run: (program, options = {}) => start(directory, program, options).ended,
    start: (program, options = {}) => start(directory, program, options),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function neededModules(): Record<string, string> {
  return lazyEntryPoints(
    "admin/",
    "config/",
    "context/isolated-part.ts",
    "http/",
    "errors/",
    "export/exit/",
    "export/otlp/",
    "instrumentation/frameworks/express/",
    "instrumentation/loggers/console/",
    "lifecycle/",
    // A request on a busy machine may be slow.
    "logs/",
    "metrics/summary/",
    "redaction/",
    "resource/",
  );
}

function start(directory: string, program: string, options: BundledRunOptions): RunningProgram {
  const preload = options.bare === true ? [] : ["--import", join(directory, "preload.js")];
  const file = join(directory, "programs", `${parse(program).name}.js`);
  const startedAt = performance.now();
  const flags = [...(options.flags ?? []), ...preload];
  const command = [options.node ?? node, ...flags, file, ...(options.args ?? [])];
  const [launcher = "", ...args] = [...(options.launcher ?? []), ...command];
  const child = spawn(launcher, args, {
    env: { ...signalsOff, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = Promise.all([text(child.stderr), closed]).then(([stderr, [code, signal]]) => ({
    ...{ code, signal, stdout, stderr },
    tookMs: performance.now() - startedAt,
  }));
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    async waitForOutput(expected) {
      let hasEnded = false;
      void ended.then(() => (hasEnded = true));
      await pollUntilTrue(
        () => stdout.includes(expected) || hasEnded,
        () => `${expected}: ${stdout}`,
      );
      if (!stdout.includes(expected)) throw new Error(`ended: ${JSON.stringify(await ended)}`);
    },
  };
}
