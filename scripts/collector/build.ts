import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../go/cache.ts";
import { compile as compileModule, FLAGS } from "../go/compile.ts";
import { withLock } from "../go/lock.ts";
import { goVersion } from "../go/version.ts";
import { distribution, manifest, ownModules, program } from "./paths.ts";

/**
 * Excludes Prometheus' service discoveries (clouds, Kubernetes, Consul...), which
 * only the Prometheus receiver links.
 */
export const TAGS = "remove_all_sd";

export type LogLine = (line: string) => void;

/**
 * Returns the path of the Collector that `collector/manifest.yaml` describes, and
 * builds it first if needed, which takes minutes. The cache key is the content of
 * the manifest, the sums, the sources, the flags and the version of Go. A
 * second process waits for the build of the first.
 *
 * @param log receives one line at the start and one with the duration.
 * @throws UserError without Go, or when the build fails.
 */
export async function collectorBinary(log: LogLine = logToStderr): Promise<string> {
  const go = await collectorGoVersion();
  const folder = join(cacheFolder("collector"), await keyOf(go));
  const binary = join(folder, program);
  if (existsSync(binary)) return binary;
  await withLock(folder, async () => {
    if (!existsSync(binary)) await build(binary, go, log);
  });
  return binary;
}

async function build(binary: string, go: string, log: LogLine): Promise<void> {
  log(`collector: building ${program} with ${go}; the first time takes minutes`);
  const start = performance.now();
  const staging = `${binary}.${process.pid}`;
  try {
    await compile(staging, TAGS);
    await rename(staging, binary);
  } finally {
    await rm(staging, { force: true });
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  log(`collector: built in ${seconds} s, ${formatMegabytes((await stat(binary)).size)}: ${binary}`);
}

/**
 * Compiles the distribution, or another module, into `output`.
 *
 * @throws UserError when the build fails.
 */
export function compile(
  output: string,
  tags: string,
  cwd: string = distribution,
  flags: readonly string[] = FLAGS,
): Promise<void> {
  return compileModule("the Collector", { cwd, output, tags, flags });
}

/**
 * @returns the output of `go version`, e.g. "go1.26.8 linux/amd64".
 * @throws UserError when there is no Go, or one that is too old.
 */
export function collectorGoVersion(): Promise<string> {
  return goVersion({
    name: "the Collector",
    oldestMinor: 25,
    otherWay: "`docker build -t telltale-collector collector` needs only Docker",
  });
}

async function keyOf(go: string): Promise<string> {
  const sources = await Promise.all([distribution, ...ownModules].map(filesOf));
  const hash = createHash("sha256").update(go).update(TAGS).update(FLAGS.join(" "));
  for (const path of [manifest, ...sources.flat()]) hash.update(await readFile(path));
  return hash.digest("hex").slice(0, 16);
}

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).toSorted().map((name) => join(folder, name));
}

/** Formats a size, e.g. 70_123_456 as "70.1 MB". */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
