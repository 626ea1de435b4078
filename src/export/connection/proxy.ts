import type { Agent, AgentOptions } from "node:http";

/** The variables that name a proxy and its exceptions. */
export type ProxyEnvironment = Readonly<Record<string, string>>;

const proxyVariables = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * Returns the variables that name a proxy, if Node itself uses them: with
 * `NODE_USE_ENV_PROXY=1` or `--use-env-proxy` (24, and 22 from 22.21 on), or after
 * `http.setGlobalProxyFromEnv()`. They are read from Node's global agent, so that
 * exports use the same proxy as the app's requests.
 *
 * @returns the `proxyEnv` option of an agent; undefined without a proxy.
 */
export function proxyEnvironment(): ProxyEnvironment | undefined {
  // Documented for `https` only; the app may have replaced the agent.
  const { globalAgent } = process.getBuiltinModule("node:http") as {
    globalAgent: AgentWithOptions;
  };
  const { proxyEnv } = globalAgent.options ?? {};
  // The agent holds the whole environment, of which only these variables are kept.
  const entries = proxyVariables.flatMap((name) => {
    const value = proxyEnv?.[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return entries.some(([name]) => /^https?_/i.test(name)) ? Object.fromEntries(entries) : undefined;
}

type AgentWithOptions = Partial<Agent> & { readonly options?: AgentOptions };
