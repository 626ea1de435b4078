import type { Agent, AgentOptions } from "node:http";

/** What names a proxy and its exceptions, as variables have it. */
export type ProxyEnvironment = Readonly<Record<string, string>>;

const proxyVariables = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * The variables that name a proxy, where Node itself uses them: with
 * `NODE_USE_ENV_PROXY=1` or `--use-env-proxy` (24, and 22 from 22.21 on), or after
 * `http.setGlobalProxyFromEnv()`. Then its global agent has them, which is asked
 * here, so that what we send goes the way of what the app sends.
 *
 * @returns what an agent of ours takes as its `proxyEnv`; undefined: there is no proxy.
 */
export function proxyEnvironment(): ProxyEnvironment | undefined {
  // Documented for `https` only; an app may have put in an agent of its own.
  const { globalAgent } = process.getBuiltinModule("node:http") as {
    globalAgent: AgentWithOptions;
  };
  const { proxyEnv } = globalAgent.options ?? {};
  // All of the app's environment, of which the rest is not ours to keep.
  const entries = proxyVariables.flatMap((name) => {
    const value = proxyEnv?.[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return entries.some(([name]) => /^https?_/i.test(name)) ? Object.fromEntries(entries) : undefined;
}

type AgentWithOptions = Partial<Agent> & { readonly options?: AgentOptions };
