import diagnosticsChannel from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Span, TextMapSetter } from "@opentelemetry/api";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { ClientCall, type ClientServices } from "./client-call.ts";
import { type Target, targetOf } from "./url.ts";

const CALL: unique symbol = Symbol("telltale.call");
type RequestWithCall = ClientRequest & { [CALL]?: ClientCall };

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
    guarded(services, () => answered(services, request[CALL], response));
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
  request.once("close", () => guarded(services, () => closed(call, request)));
  inject(services, call.span, request);
}

/** The head of a request as Node keeps it once it is written; `headersSent` can't tell the two apart. */
type WithHead = ClientRequest & { _header?: unknown; _headerSent?: unknown };

/** With `Expect` the head is on its way before the request is announced: nobody hears of the trace. */
function inject(services: ClientServices, span: Span, request: WithHead): void {
  if (request._headerSent === true) return;
  services.propagator.inject(services.contextOf(span), request, setter);
}

const setter: TextMapSetter<WithHead> = {
  set(request, name, value) {
    const { _header: head } = request;
    if (typeof head === "string") request._header = withHeader(head, name, value);
    else request.setHeader(name, value);
  },
};

/** With headers as an array the head is written by then, but not sent. */
function withHeader(head: string, name: string, value: string): string {
  const others = linesOf(head).filter((line) => !isHeader(line, name));
  return [...others, `${name}: ${value}`, "", ""].join("\r\n");
}

function linesOf(head: string): string[] {
  return head.trimEnd().split("\r\n");
}

function isHeader(line: string, name: string): boolean {
  return line.slice(0, name.length + 1).toLowerCase() === `${name.toLowerCase()}:`;
}

function answered(
  services: ClientServices,
  call: ClientCall | undefined,
  response: IncomingMessage,
): void {
  if (call === undefined) return;
  call.answered(response.statusCode ?? 0, response.httpVersion);
  response.once("close", () => {
    guarded(services, () => (response.complete ? call.end() : call.fail(new AbortedCall())));
  });
}

/**
 * The end that nothing else tells of: an upgrade, a response that nobody reads,
 * a request that was given up without an error.
 */
function closed(call: ClientCall, request: ClientRequest): void {
  if (call.ended) return;
  const { res: response } = request as { res?: (IncomingMessage & { upgrade?: boolean }) | null };
  if (response === undefined || response === null) {
    call.fail(new AbortedCall());
  } else if (response.upgrade === true) {
    call.answered(response.statusCode ?? 0, response.httpVersion);
    call.end();
  } else if (response.complete) {
    call.end();
  }
}

/** `error.type` of a call that never came to its end. */
class AbortedCall extends Error {
  override name = "aborted";
}

function describe(request: ClientRequest): Target | undefined {
  const origin = `${request.protocol}//${hostGiven(request) ?? authority(request.host)}`;
  return targetOf(origin, request.method === "CONNECT" ? "" : request.path);
}

function hostGiven(request: WithHead): string | undefined {
  const host = request.getHeader("host");
  if (typeof host === "string") return host;
  const { _header: head } = request;
  if (typeof head !== "string") return undefined;
  const line = linesOf(head).find((line) => isHeader(line, "host"));
  return line?.slice("host:".length).trim();
}

function authority(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
