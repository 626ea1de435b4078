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
}

/** The preload and the programs of these tests, as JavaScript for every version of Node. */
export interface BundledPrograms {
  run(program: string, options?: BundledRunOptions): Promise<ProcessResult>;
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
    run: (program, options = {}) => run(directory, program, options),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function neededModules(): Record<string, string> {
  return lazyEntryPoints(
    "http/server/",
    "errors/",
    "redaction/",
    "config/",
    "export/exit/",
    "export/otlp/",
    "instrumentation/frameworks/express/",
    "lifecycle/",
    "redaction/",
  );
}

async function run(
  directory: string,
  program: string,
  options: BundledRunOptions,
): Promise<ProcessResult> {
  const preload = options.bare === true ? [] : ["--import", join(directory, "preload.js")];
  const file = join(directory, "programs", `${parse(program).name}.js`);
  const start = performance.now();
  const child = spawn(
    options.node ?? node,
    [...(options.flags ?? []), ...preload, file, ...(options.args ?? [])],
    { env: { ...signalsOff, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr, tookMs: performance.now() - start };
}
