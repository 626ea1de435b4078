import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Returns the folder of binaries that were built with Go: outside of the checkout, so that
 * the next one need not build for minutes. A relative `XDG_CACHE_HOME` is ignored:
 * https://specifications.freedesktop.org/basedir-spec/latest/
 *
 * @param name of the product, a folder of its own.
 */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const named = env["XDG_CACHE_HOME"] ?? "";
  const cache = isAbsolute(named) ? named : join(homedir(), ".cache");
  return join(cache, "telltale", name);
}
