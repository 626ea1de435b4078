import diagnosticsChannel from "node:diagnostics_channel";
import type { TextMapSetter } from "@opentelemetry/api";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { ClientCall, type ClientServices } from "./client-call.ts";
import { targetOf } from "./url.ts";

/**
 * What undici's channels hand out, the same for Node's built-in `fetch` and
 * for the package: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  /** The protocol that is asked for, of a WebSocket's handshake. */
  readonly upgrade?: unknown;
  /** Names and values by turns. */
  readonly headers: unknown;
  addHeader(name: string, value: string): void;
  /** Until 7. */
  onUpgrade?: Upgraded;
  /** Since 8. */
  onRequestUpgrade?: Upgraded;
  [CALL]?: ClientCall;
}

type Upgraded = (statusCode: number, ...rest: unknown[]) => unknown;

const CALL: unique symbol = Symbol("telltale.call");

const setter: TextMapSetter<UndiciRequest> = {
  set(request, name, value) {
    if (!replaceHeader(request.headers, name, value)) request.addHeader(name, value);
  },
};

/** A second header of the same name would make both invalid. */
function replaceHeader(headers: unknown, name: string, value: string): boolean {
  if (!Array.isArray(headers)) return false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const given: unknown = headers[at];
    if (typeof given !== "string" || given.toLowerCase() !== name.toLowerCase()) continue;
    headers[at + 1] = value;
    return true;
  }
  return false;
}

/** `fetch` and undici: spans, headers and metrics through undici's own channels. */
export function installUndici(services: ClientServices): void {
  on(services, "undici:request:create", ({ request }) => begin(services, request));
  on(services, "undici:client:sendHeaders", ({ request, socket }) => {
    const call = request[CALL];
    if (call !== undefined) call.protocolVersion = socket?.alpnProtocol === "h2" ? "2" : "1.1";
  });
  on(services, "undici:request:headers", ({ request, response }) => {
    const call = request[CALL];
    call?.answered(response?.statusCode ?? 0, call.protocolVersion);
  });
  on(services, "undici:request:trailers", ({ request }) => {
    request[CALL]?.end();
  });
  on(services, "undici:request:error", ({ request, error }) => {
    request[CALL]?.fail(error instanceof Error ? error : new Error(String(error)));
  });
}

function begin(services: ClientServices, request: UndiciRequest): void {
  const context = activeContext();
  // A tunnel through a proxy is no call of the app's: that comes with a request of its own.
  if (isSuppressed(context) || request.method === "CONNECT") return;
  const call = new ClientCall(services, context, request.method);
  call.source = () => targetOf(String(request.origin), request.path);
  request[CALL] = call;
  if (request.upgrade !== undefined && request.upgrade !== null) endWithUpgrade(request, call);
  services.propagator.inject(services.contextOf(call.span), request, setter);
}

/** Before 7.28 and since 8 no channel tells that a connection was upgraded. */
function endWithUpgrade(request: UndiciRequest, call: ClientCall): void {
  for (const name of ["onUpgrade", "onRequestUpgrade"] as const) {
    const original = request[name];
    if (typeof original !== "function") continue;
    request[name] = function (statusCode, ...rest) {
      call.answered(statusCode, call.protocolVersion);
      call.end();
      return original.call(this, statusCode, ...rest);
    };
  }
}

interface Message {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
  readonly socket?: { readonly alpnProtocol?: unknown };
}

function on(services: ClientServices, channel: string, listener: (message: Message) => void): void {
  diagnosticsChannel.subscribe(channel, (message) => {
    try {
      listener(message as Message);
    } catch (error) {
      services.onFault(error);
    }
  });
}
