import { spawn } from "node:child_process";
import { once } from "node:events";
import { inheritedEnvironment } from "../../env.ts";
import { BenchError } from "./endpoint.ts";
import { METHODS, splitTarget } from "./bench-file.ts";

const TIMEOUT_MS = 60_000;

/**
 * Empties or fills caches: sends a request such as `DELETE /cache`, or runs a command of the
 * shell.
 *
 * @param key of the file, for messages.
 * @throws BenchError if it fails.
 */
export async function runCacheStep(
  key: "clear_cache" | "warm_cache",
  step: string,
  baseUrl: string | undefined,
): Promise<void> {
  const { method, path } = splitTarget(step);
  const isRequest = METHODS.includes(method) && /^(?:\/|https?:\/\/)\S*$/.test(path);
  const problem =
    isRequest && step.includes(" ")
      ? await requestProblem(method, path, baseUrl)
      : await commandProblem(step);
  if (problem !== undefined) throw new BenchError(`${key} has failed: ${problem}`);
}

async function requestProblem(
  method: string,
  path: string,
  baseUrl: string | undefined,
): Promise<string | undefined> {
  const url = URL.parse(path, baseUrl);
  if (url === null) return "its path needs the address of the app: --url, or url in the file";
  try {
    // The app may close a connection that was idle during the block just when it is used again.
    const headers = { connection: "close" };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method, headers, signal });
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    const { cause = error } = error as { readonly cause?: unknown };
    const { code, message } = cause as NodeJS.ErrnoException;
    return code ?? message;
  }
}

async function commandProblem(command: string): Promise<string | undefined> {
  const child = spawn(command, {
    ...{ shell: true, stdio: ["ignore", "ignore", "pipe"], timeout: TIMEOUT_MS },
    env: inheritedEnvironment(),
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-1000);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code === 0) return undefined;
  const line = output.trim().split("\n").at(-1) ?? "";
  return `${signal ?? `exit code ${code}`}${line === "" ? "" : ` (${line})`}`;
}
