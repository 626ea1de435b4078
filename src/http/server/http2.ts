import diagnosticsChannel from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import { lazy } from "../../lazy.ts";
import type { Http2ServerDeps, Http2ServerTracer } from "./http2-server.ts";

const loadHttp2Server = lazy<typeof import("./http2-server.ts")>("http/server/http2-server.ts");

/** Node's classes of servers, which it does not export. */
const CLASSES: ReadonlySet<unknown> = new Set(["Http2Server", "Http2SecureServer"]);

/**
 * Instruments HTTP/2 servers. Nothing is patched, and no module of telltale is
 * loaded, before one listens. The loading of a builtin module can't be observed,
 * and loading it costs a start 15 ms; but Node's channel publishes every server
 * that is about to listen (since 22.15).
 *
 * A server that never listens, because an app hands it connections by
 * `emit("connection")`, is instrumented only once another one of its class listens.
 */
export function installHttp2Server(deps: Http2ServerDeps): { endAll(): void } {
  let tracer: Http2ServerTracer | undefined;
  diagnosticsChannel.subscribe("tracing:net.server.listen:asyncStart", (message) => {
    try {
      const prototype = http2Prototype((message as { readonly server?: unknown }).server);
      if (prototype === undefined) return;
      const { Http2ServerTracer } = loadHttp2Server();
      tracer ??= new Http2ServerTracer(deps);
      tracer.patchServers(prototype);
    } catch (error) {
      deps.onInternalError(error);
    }
  });
  return { endAll: () => tracer?.endAll() };
}

/** Returns Node's own prototype of an HTTP/2 server, whatever class the app derived from it. */
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
