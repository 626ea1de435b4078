import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Returns the folder of the jars of a pom, from Maven Central, in the user's cache folder. It
 * needs `mvn` once per version.
 *
 * @param name begins the name of the folder, which has the hash of the pom, too
 * @param pom the path of the pom
 */
export async function mavenJars(name: string, pom: string): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const stamp = createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, 16);
  const folder = join(cache, "telltale", `${name}-${stamp}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${unfinished}`];
  await run("mvn", ["-q", "-B", "-f", pom, ...goal], { timeout: 300_000 });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another test has created it in the meantime.
    if (!existsSync(folder)) throw error;
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}
