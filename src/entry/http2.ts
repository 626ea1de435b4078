import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import { lazy } from "../lazy.ts";
import type { Http2Services } from "./http2-server.ts";

const loadHttp2Server = lazy<typeof import("./http2-server.ts")>("entry/http2-server.ts");

/** Node's two, which it doesn't export. */
const CLASSES: ReadonlySet<unknown> = new Set(["Http2Server", "Http2SecureServer"]);

/**
 * HTTP/2 servers: nothing is patched, and nothing of ours is loaded, before one
 * listens. A builtin module has no file whose loading could be watched, and to
 * load it ourselves costs a start 15 ms; but Node's channel tells of every
 * server that is about to listen (22.15 has it).
 *
 * A server that never listens, because an app hands it connections by
 * `emit("connection")`, is seen only if another one of its class listens.
 */
export function installHttp2(services: Http2Services): { abandon(): void } {
  let abandon = nothing;
  diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", (message) => {
    try {
      const prototype = http2Prototype((message as { readonly server?: unknown }).server);
      if (prototype === undefined) return;
      const { watchServers, abandonStreams } = loadHttp2Server();
      watchServers(prototype, services);
      abandon = () => abandonStreams(services);
    } catch (error) {
      services.onFault(error);
    }
  });
  return { abandon: () => abandon() };
}

function nothing(): void {}

/** Node's own prototype of an HTTP/2 server, whatever class the app made of it. */
function http2Prototype(server: unknown): EventEmitter | undefined {
  let prototype: unknown = Object.getPrototypeOf(server);
  while (typeof prototype === "object" && prototype !== null) {
    const maker: unknown = prototype.constructor;
    if (typeof maker === "function" && CLASSES.has(maker.name)) return prototype as EventEmitter;
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}
