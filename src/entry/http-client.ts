import diagnosticsChannel from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Span, TextMapSetter } from "@opentelemetry/api";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { ClientCall, type ClientServices } from "./client-call.ts";
import { addressOf, urlWithoutSecrets } from "./url.ts";

const CALL: unique symbol = Symbol("telltale.call");
type RequestWithCall = ClientRequest & { [CALL]?: ClientCall };

const setter: TextMapSetter<ClientRequest> = {
  set(request, key, value) {
    request.setHeader(key, value);
  },
};

/**
 * Outgoing requests of `node:http` and `node:https`, seen through Node's own
 * channels: nothing is patched. The span starts when the request object is
 * made, because only then headers can still be added, and ends with the body
 * of the response.
 */
export function installHttpClient(services: ClientServices): void {
  diagnosticsChannel.subscribe("http.client.request.created", (message) => {
    guarded(services, () => begin(services, (message as { request: RequestWithCall }).request));
  });
  diagnosticsChannel.subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as {
      request: RequestWithCall;
      response: IncomingMessage;
    };
    guarded(services, () => answered(request[CALL], response));
  });
  diagnosticsChannel.subscribe("http.client.request.error", (message) => {
    const { request, error } = message as { request: RequestWithCall; error: Error };
    guarded(services, () => request[CALL]?.fail(error));
  });
}

function guarded(services: ClientServices, work: () => void): void {
  try {
    work();
  } catch (error) {
    services.onFault(error);
  }
}

function begin(services: ClientServices, request: RequestWithCall): void {
  const context = activeContext();
  if (isSuppressed(context)) return;
  const call = new ClientCall(services, context, request.method);
  request[CALL] = call;
  call.source = () => describe(request);
  inject(services, call.span, request);
}

/**
 * With headers given as an array, Node has written them already when the
 * request is announced: they can't be continued, and the span says nothing of it.
 */
function inject(services: ClientServices, span: Span, request: ClientRequest): void {
  if (request.headersSent || hasHeaderText(request)) return;
  services.propagator.inject(services.contextOf(span), request, setter);
}

function hasHeaderText(request: ClientRequest): boolean {
  return typeof (request as unknown as { _header?: unknown })._header === "string";
}

function answered(call: ClientCall | undefined, response: IncomingMessage): void {
  if (call === undefined) return;
  call.answered(response.statusCode ?? 0, response.httpVersion);
  response.once("close", () => {
    if (response.complete) call.end();
    else call.fail(new AbortedResponse());
  });
}

/** `error.type` of a response whose body never came to its end. */
class AbortedResponse extends Error {
  override name = "aborted";
}

function describe(request: ClientRequest): { url: string; address: string; port: number } {
  const secure = request.protocol === "https:";
  const given = request.getHeader("host");
  const host = typeof given === "string" ? given : request.host;
  const { address, port } = addressOf(host);
  const url = `${request.protocol}//${host}${request.path}`;
  return {
    url: URL.canParse(url) ? urlWithoutSecrets(new URL(url)) : url,
    address,
    port: port ?? (secure ? 443 : 80),
  };
}
