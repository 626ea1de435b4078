import type { Agent, AgentOptions } from "node:https";
import type { Socket } from "node:net";
import { unrefSocket } from "./unref-socket.ts";

/** Creates an agent whose connections are kept alive and do not keep the process alive. */
export function createAgent(url: string, options: AgentOptions): Agent {
  const { Agent: AgentClass } = httpModuleFor(url);
  const agent = new AgentClass({ keepAlive: true, ...options });
  if (options.proxyEnv !== undefined) unrefConnections(agent);
  return agent;
}

/** Creates such an agent for a client that doesn't unref its sockets itself. */
export function createDetachedAgent(url: string, options: AgentOptions): Agent {
  const agent = createAgent(url, options);
  if (options.proxyEnv === undefined) unrefConnections(agent);
  const reusing = agent as unknown as ReusingAgent;
  const { reuseSocket } = reusing;
  reusing.reuseSocket = function (socket, request) {
    reuseSocket.call(this, socket, request);
    unrefSocket(socket);
  };
  return agent;
}

/** The documented method that Node's agent refs an idle socket in. */
interface ReusingAgent {
  reuseSocket(socket: Socket, request: unknown): void;
}

/** Loads `node:http` or `node:https`. Not by `import`, whose facade of `node:http` also loads undici (20 ms). */
export function httpModuleFor(url: string): typeof import("node:https") {
  const name = url.startsWith("https:") ? "node:https" : "node:http";
  return process.getBuiltinModule(name) as typeof import("node:https");
}

/** Unrefs sockets as they connect, also those of proxy tunnels, which `request` does not emit: a tunnel opens before the connection over it. */
function unrefConnections(agent: Agent): void {
  const { createConnection } = agent;
  agent.createConnection = function (options, callback) {
    const socket = createConnection.call(this, options, callback);
    if (socket !== null && socket !== undefined) unrefSocket(socket as Socket);
    return socket;
  };
}
