import type { Agent, AgentOptions } from "node:https";
import type { Socket } from "node:net";
import { unrefSocket } from "./unref-socket.ts";

/** An agent for what we send to `url`: its connections are kept, and hold no process. */
export function createAgent(url: string, options: AgentOptions): Agent {
  const { Agent: AgentClass } = httpModuleFor(url);
  const agent = new AgentClass({ keepAlive: true, ...options });
  if (options.proxyEnv !== undefined) unrefTunnels(agent);
  return agent;
}

/** Not by `import`, whose facade of `node:http` loads undici on the way (20 ms). */
export function httpModuleFor(url: string): typeof import("node:https") {
  const name = url.startsWith("https:") ? "node:https" : "node:http";
  return process.getBuiltinModule(name) as typeof import("node:https");
}

/** A tunnel is a socket that `request` never shows: it opens before the connection over it. */
function unrefTunnels(agent: Agent): void {
  const { createConnection } = agent;
  agent.createConnection = function (options, callback) {
    const socket = createConnection.call(this, options, callback);
    if (socket !== null && socket !== undefined) unrefSocket(socket as Socket);
    return socket;
  };
}
