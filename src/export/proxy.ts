import type { Agent, AgentOptions } from "node:http";

/**
 * The variables that name a proxy, where Node itself uses them: with
 * `NODE_USE_ENV_PROXY=1` or `--use-env-proxy` (24, and 22 from 22.21 on), or after
 * `http.setGlobalProxyFromEnv()`. Then its global agent has them, which is asked
 * here, so that what we send goes the way of what the app sends.
 *
 * @returns what an agent of ours takes as its `proxyEnv`.
 */
export function proxyEnvironment(): AgentOptions["proxyEnv"] {
  // Documented for `https` only; an app may have put in an agent of its own.
  const { globalAgent } = process.getBuiltinModule("node:http") as { globalAgent: OptionsOf };
  return globalAgent.options?.proxyEnv;
}

type OptionsOf = Partial<Agent> & { readonly options?: AgentOptions };
