import diagnosticsChannel from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Span, TextMapSetter } from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { isTracingSuppressed } from "../../context/context.ts";
import { AbortedCall } from "../../context/aborted-call.ts";
import { activeContext } from "../../context/manager.ts";
import { ClientCall, type HttpClientDeps, isCancellation } from "./client-call.ts";
import { guarded } from "./guarded.ts";
import { REQUEST_ID_HEADER } from "../server/request-id.ts";
import { type Target, targetOf } from "../url.ts";

const CALL: unique symbol = Symbol("telltale.call");
type TracedRequest = ClientRequest & { [CALL]?: ClientCall };

/**
 * Traces the outgoing requests of `node:http` and `node:https` through Node's
 * diagnostics channels, without patches. The span starts when the request object is
 * created, because headers can't be added later. It ends with the body of the
 * response, or with its head if there is no body or the app does not read it.
 */
export function installHttpClient(deps: HttpClientDeps): void {
  diagnosticsChannel.subscribe("http.client.request.created", (message) => {
    guarded(deps, () => startCall(deps, (message as { request: TracedRequest }).request));
  });
  diagnosticsChannel.subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as {
      request: TracedRequest;
      response: IncomingMessage;
    };
    guarded(deps, () => onResponse(deps, request[CALL], response));
  });
  diagnosticsChannel.subscribe("http.client.request.error", (message) => {
    const { request, error } = message as { request: TracedRequest; error: Error };
    guarded(deps, () => onError(request[CALL], request, error));
  });
}

function startCall(deps: HttpClientDeps, request: TracedRequest): void {
  const context = activeContext();
  if (isTracingSuppressed(context)) return;
  const call = new ClientCall(deps, context, request.method);
  request[CALL] = call;
  call.resolveTarget = () => targetOfRequest(request);
  call.readSocket = () => request.socket;
  request.once("close", () => guarded(deps, () => onClose(call, request)));
  inject(deps, call.span, request);
}

/** Head of a request, as Node stores it: `headersSent` is true as soon as it is formatted. */
type RequestWithHead = ClientRequest & { _header?: unknown; _headerSent?: unknown };

/** Injects the trace context. With `Expect` the head is sent before the request is published: it has none then. */
function inject(deps: HttpClientDeps, span: Span, request: RequestWithHead): void {
  if (request._headerSent === true) return;
  deps.propagator.inject(deps.contextWithSpan(span), request, requestSetter);
}

const requestSetter: TextMapSetter<RequestWithHead> = {
  set(request, name, value) {
    const { _header: head } = request;
    if (name === REQUEST_ID_HEADER && hasHeader(request, name)) return;
    if (typeof head === "string") request._header = withHeader(head, name, value);
    else request.setHeader(name, value);
  },
};

function hasHeader(request: RequestWithHead, name: string): boolean {
  const { _header: head } = request;
  if (typeof head !== "string") return request.hasHeader(name);
  return linesOf(head).some((line) => isHeader(line, name));
}

/** Adds a header to a formatted head: with headers as an array it is formatted, but not sent yet. */
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

function onResponse(
  deps: HttpClientDeps,
  call: ClientCall | undefined,
  response: IncomingMessage,
): void {
  if (call === undefined) return;
  call.setResponse(response.statusCode ?? 0, response.httpVersion);
  if (hasNoBody(call, response)) {
    call.end();
    return;
  }
  call.awaitBody(() => response.readableFlowing === null && !response.destroyed);
  response.once("close", () => guarded(deps, () => onBodyClose(call, response)));
}

/** Whether a response ends with its head, also if the app never reads it to the end. */
function hasNoBody(call: ClientCall, { statusCode, headers }: IncomingMessage): boolean {
  return (
    call.method === "HEAD" ||
    statusCode === 204 ||
    statusCode === 304 ||
    headers["content-length"] === "0"
  );
}

type ClientResponse = IncomingMessage & { readonly req?: ClientRequest };

function onBodyClose(call: ClientCall, response: ClientResponse): void {
  const { req: request, errored } = response;
  if (response.complete) call.end();
  else if (request !== undefined && isCancelled(call, request, errored ?? undefined)) call.end();
  else call.fail(new AbortedCall());
}

function onError(call: ClientCall | undefined, request: ClientRequest, error: Error): void {
  if (call === undefined || call.ended) return;
  if (isCancelled(call, request, error)) call.end();
  else call.fail(error);
}

/**
 * Whether the app cancelled the call: by its signal, by `destroy()` without an
 * error, or by not reading the response to its end. Node's error is then the one for
 * a peer that hangs up, but the connection was closed on this side.
 */
function isCancelled(call: ClientCall, request: ClientRequest, error?: Error): boolean {
  if (isCancellation(error)) return true;
  if (error !== undefined && !isHangUp(error)) return false;
  const { socket } = request;
  // Cancelled before there was a connection.
  if (socket === null) return request.destroyed;
  const { errored } = socket;
  if (errored !== null && !isClosedOnThisSide(errored)) return isCancellation(errored);
  return socket.destroyed && !socket.readableEnded && !hasTimedOut(call, request, socket);
}

/** Node's errors for a socket that was destroyed on this side during the TLS handshake, or before a write to it. */
const CLOSED_ON_THIS_SIDE: readonly unknown[] = ["ECANCELED", "ERR_SOCKET_CLOSED"];

function isClosedOnThisSide(error: NodeJS.ErrnoException): boolean {
  return CLOSED_ON_THIS_SIDE.includes(error.code);
}

/** Whether it is Node's error for a connection that was closed too early, by either side. */
function isHangUp(error: Error): boolean {
  return (
    (error as NodeJS.ErrnoException).code === "ECONNRESET" &&
    (error.message === "socket hang up" || error.message === "aborted")
  );
}

/** A request whose socket Node listens to, once, to emit the request's `timeout`. */
type RequestWithTimeout = ClientRequest & { readonly timeoutCb?: (() => void) | null };

/**
 * Whether the connection was idle for too long: after
 * `request.on("timeout", () => request.destroy())` the call has failed, though the app closes.
 * The listener is gone then. There is none if the app has set a timeout on the socket itself: the
 * time since the start of the call, which may be 1 ms short of it, has to do.
 */
function hasTimedOut(call: ClientCall, request: RequestWithTimeout, socket: Socket): boolean {
  if (call.statusCode !== undefined) return false;
  const { timeoutCb: listener } = request;
  if (typeof listener === "function") return !socket.listeners("timeout").includes(listener);
  const { timeout = 0 } = socket;
  return timeout > 0 && now() - call.startedAt >= timeout - 1;
}

/**
 * Ends a call whose end is not reported otherwise: an upgrade, a response that is
 * not read, a request that was cancelled without an error.
 */
function onClose(call: ClientCall, request: ClientRequest): void {
  if (call.ended) return;
  const { res: response } = request as { res?: (IncomingMessage & { upgrade?: boolean }) | null };
  if (response === undefined || response === null) {
    call.end();
  } else if (response.upgrade === true) {
    call.setResponse(response.statusCode ?? 0, response.httpVersion);
    call.end();
  } else if (response.complete) {
    call.end(call.isUnread?.() === true ? call.responseAt : undefined);
  }
}

function targetOfRequest(request: ClientRequest): Target | undefined {
  const origin = `${request.protocol}//${hostHeaderOf(request) ?? bracketIPv6(request.host)}`;
  return targetOf(origin, request.method === "CONNECT" ? "" : request.path);
}

function hostHeaderOf(request: RequestWithHead): string | undefined {
  const host = request.getHeader("host");
  if (typeof host === "string") return host;
  const { _header: head } = request;
  if (typeof head !== "string") return undefined;
  const line = linesOf(head).find((line) => isHeader(line, "host"));
  return line?.slice("host:".length).trim();
}

function bracketIPv6(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
