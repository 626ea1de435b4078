import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "./user-error.ts";
import { goVersion } from "./go.ts";
import { cacheFolder, distribution, manifest, ownModules, program } from "./paths.ts";

/**
 * Excludes Prometheus' service discoveries (clouds, Kubernetes, Consul...), which
 * only the Prometheus receiver links.
 */
export const TAGS = "remove_all_sd";
/** Flags that leave out symbols, debug information and paths of the build machine. */
export const FLAGS: readonly string[] = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

export type LogLine = (line: string) => void;

/**
 * Returns the path of the Collector that `collector/manifest.yaml` describes, and
 * builds it first if needed, which takes minutes. The cache key is the content of
 * the manifest, the sums, the sources, the flags and the version of Go. Two
 * processes may build at the same time; either result is complete.
 *
 * @param log receives one line at the start and one with the duration.
 * @throws UserError without Go, or when the build fails.
 */
export async function collectorBinary(log: LogLine = logToStderr): Promise<string> {
  const go = await goVersion();
  const folder = join(cacheFolder(), await keyOf(go));
  const binary = join(folder, program);
  if (existsSync(binary)) return binary;
  log(`collector: building ${program} with ${go}; the first time takes minutes`);
  const start = performance.now();
  await mkdir(folder, { recursive: true });
  const staging = join(folder, `${program}.${process.pid}`);
  try {
    await compile(staging, TAGS);
    await rename(staging, binary);
  } finally {
    await rm(staging, { force: true });
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  log(`collector: built in ${seconds} s, ${formatMegabytes((await stat(binary)).size)}: ${binary}`);
  return binary;
}

/**
 * Compiles the distribution, or another module, into `output`. It resolves and
 * tidies nothing: only what `go.sum` names is downloaded. It runs at the lowest
 * priority.
 */
export async function compile(
  output: string,
  tags: string,
  cwd: string = distribution,
  flags: readonly string[] = FLAGS,
): Promise<void> {
  const args = ["build", "-mod=readonly", ...flags, `-tags=${tags}`, "-o", output, "."];
  const [command, rest] =
    process.platform === "win32" ? ["go", args] : ["nice", ["-n", "15", "go", ...args]];
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return;
  const last = stderr.trim().split("\n").slice(-20).join("\n");
  throw new UserError(
    `the Collector can't be built: \`go ${args.join(" ")}\` in ${cwd} ended with ${code}. Modules come through GOPROXY, so check the network, or see its output:\n${last}`,
  );
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
