import type { HealthCheckFunction } from "../../api.ts";

/** How a dependency is requested. */
export interface HttpCheckOptions {
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that the dependency must respond with. Default: any from 200 to 299. */
  readonly status?: number;
}

/**
 * Checks a dependency by a request, without its body. Redirects are not followed.
 *
 * @param url of a health page of the dependency
 */
export function http(url: string | URL, options: HttpCheckOptions = {}): HealthCheckFunction {
  const { method = "GET", headers = {}, status: expected } = options;
  return async ({ signal }) => {
    const response = await request(url, { method, headers, redirect: "manual", signal });
    await response.body?.cancel();
    const { status, ok } = response;
    const isExpected = expected === undefined ? ok : status === expected;
    if (!isExpected) throw new Error(`status ${status}, expected ${expected ?? "200 to 299"}`);
  };
}

/** @throws an error with the reason: that of `fetch` is "fetch failed", whatever it was. */
async function request(url: string | URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw (error as { readonly cause?: unknown }).cause ?? error;
  }
}
