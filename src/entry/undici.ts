import diagnosticsChannel from "node:diagnostics_channel";
import type { TextMapSetter } from "@opentelemetry/api";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { ClientCall, type ClientServices, type Target } from "./client-call.ts";
import { urlWithoutSecrets } from "./url.ts";

/**
 * What undici's channels hand out, the same for Node's built-in `fetch` and
 * for the package: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  addHeader(name: string, value: string): void;
  [CALL]?: ClientCall;
}

const CALL: unique symbol = Symbol("telltale.call");

const setter: TextMapSetter<UndiciRequest> = {
  set(request, key, value) {
    request.addHeader(key, value);
  },
};

/** `fetch` and undici: spans, headers and metrics through undici's own channels. */
export function installUndici(services: ClientServices): void {
  on(services, "undici:request:create", ({ request }) => {
    const context = activeContext();
    if (isSuppressed(context)) return;
    const call = new ClientCall(services, context, request.method);
    call.source = () => targetOf(request);
    request[CALL] = call;
    services.propagator.inject(services.contextOf(call.span), request, setter);
  });
  on(services, "undici:request:headers", ({ request, response }) => {
    request[CALL]?.answered(response?.statusCode ?? 0, "1.1");
  });
  on(services, "undici:request:trailers", ({ request }) => {
    request[CALL]?.end();
  });
  on(services, "undici:request:error", ({ request, error }) => {
    request[CALL]?.fail(error instanceof Error ? error : new Error(String(error)));
  });
}

interface Message {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
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

function targetOf(request: UndiciRequest): Target {
  const url = new URL(request.path, request.origin);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { url: urlWithoutSecrets(url), address: url.hostname, port };
}
