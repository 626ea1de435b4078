import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import { lazy } from "../../lazy.ts";
import type { Http2ServerDeps } from "./http2-server.ts";

const loadHttp2Server = lazy<typeof import("./http2-server.ts")>("http/server/http2-server.ts");

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
export function installHttp2Server(deps: Http2ServerDeps): { abandon(): void } {
  let endAll = noop;
  diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", (message) => {
    try {
      const prototype = http2Prototype((message as { readonly server?: unknown }).server);
      if (prototype === undefined) return;
      const { patchHttp2Servers, endAllStreams } = loadHttp2Server();
      patchHttp2Servers(prototype, deps);
      endAll = () => endAllStreams(deps);
    } catch (error) {
      deps.onInternalError(error);
    }
  });
  return { abandon: () => endAll() };
}

function noop(): void {}

/** Node's own prototype of an HTTP/2 server, whatever class the app made of it. */
function http2Prototype(server: unknown): EventEmitter | undefined {
  let prototype: unknown = Object.getPrototypeOf(server);
  while (typeof prototype === "object" && prototype !== null) {
    const constructor: unknown = prototype.constructor;
    if (typeof constructor === "function" && CLASSES.has(constructor.name))
      return prototype as EventEmitter;
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}
