import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../build/paths.ts";
import { cacheFolder } from "../go/cache.ts";
import { compile, FLAGS } from "../go/compile.ts";
import { withLock } from "../go/lock.ts";
import { goVersion } from "../go/version.ts";
import { type GoCommand, type GoModule, type GoTool, moduleOf } from "./modules.ts";

/** The Go that Prometheus 3.16 asks for. */
const OLDEST_MINOR = 26;

/**
 * Returns the path of a command that is built from `tools/`, and builds it first if needed,
 * which takes minutes. The binaries are cached outside of the checkout, by the content of the
 * module, the flags and the version of Go.
 *
 * @param log receives one line at the start of a build and one with its duration.
 * @throws UserError without Go, or when the build fails.
 */
export async function goTool(
  tool: GoTool,
  log: (line: string) => void = logToStderr,
): Promise<string> {
  const module = moduleOf(tool);
  const command = module.commands.find(({ name }) => name === tool)!;
  const go = await goVersion({ name: tool, oldestMinor: OLDEST_MINOR });
  const cache = cacheFolder("tools");
  const binary = join(cache, `${tool}-${await keyOf(module, go)}`, tool);
  if (existsSync(binary)) return binary;
  // Builds at the same time would compile the same packages twice.
  await withLock(join(cache, "building"), async () => {
    if (existsSync(binary)) return;
    log(`tools: building ${tool} with ${go}; the first time takes minutes`);
    const start = performance.now();
    await build(module, command, binary);
    log(`tools: built in ${Math.round((performance.now() - start) / 1000)} s: ${binary}`);
  });
  return binary;
}

async function build(module: GoModule, command: GoCommand, binary: string): Promise<void> {
  const staging = `${binary}.${process.pid}`;
  try {
    await mkdir(join(binary, ".."), { recursive: true });
    await compile(command.name, {
      cwd: sourcesOf(module),
      output: staging,
      packages: [command.package],
      tags: module.tags,
      flags: flagsOf(command),
    });
    await rename(staging, binary);
  } finally {
    await rm(staging, { force: true });
  }
}

function flagsOf({ version: [variable, value] }: GoCommand): readonly string[] {
  return FLAGS.map((flag) =>
    flag.startsWith("-ldflags=") ? `${flag} -X ${variable}=${value}` : flag,
  );
}

async function keyOf(module: GoModule, go: string): Promise<string> {
  const hash = createHash("sha256")
    .update(go)
    .update(FLAGS.join(" "))
    .update(JSON.stringify(module));
  for (const name of ["go.mod", "go.sum"]) {
    hash.update(await readFile(join(sourcesOf(module), name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Returns the folder of `go.mod`. */
function sourcesOf({ name }: GoModule): string {
  return join(root, "tools", name);
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
