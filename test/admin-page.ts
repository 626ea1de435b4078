import { pollUntil } from "./until.ts";

/**
 * Requests a page of a preloaded process, as soon as its port is open. The port opens after the
 * app's own one, and in a process without a server a second after its start.
 */
export async function adminPage(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const url = `http://127.0.0.1:${port}${path}`;
  let last: unknown;
  return pollUntil(
    () =>
      fetch(url, { headers }).catch((error: unknown) => {
        last = (error as Error).cause;
        if ((last as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED") return undefined;
        throw error;
      }),
    () => `a response of ${url}, which is not open: ${String(last)}`,
  );
}
