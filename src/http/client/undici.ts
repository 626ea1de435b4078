import diagnosticsChannel from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { TextMapSetter } from "@opentelemetry/api";
import { isTracingSuppressed } from "../../context/context.ts";
import { activeContext } from "../../context/manager.ts";
import { ClientCall, type HttpClientDeps, isCancellation } from "./client-call.ts";
import { REQUEST_ID_HEADER } from "../server/request-id.ts";
import type { ClientConnection } from "./connections.ts";
import { targetOf } from "../url.ts";

/**
 * Request as published by undici's channels, the same for Node's built-in `fetch`
 * and for the package: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  /** Requested protocol of an upgrade, as for a WebSocket. */
  readonly upgrade?: unknown;
  /** Alternating names and values. */
  readonly headers: unknown;
  addHeader(name: string, value: string): void;
  [CALL]?: UndiciCall;
}

const CALL: unique symbol = Symbol("telltale.call");

const undiciSetter: TextMapSetter<UndiciRequest> = {
  set(request, name, value) {
    if (name === REQUEST_ID_HEADER && hasHeader(request.headers, name)) return;
    if (!replaceHeader(request.headers, name, value)) request.addHeader(name, value);
  },
};

/** @param headers names and values in turn; before undici 6 the lines of a head */
function hasHeader(headers: unknown, name: string): boolean {
  if (typeof headers === "string") return `\n${headers}`.toLowerCase().includes(`\n${name}:`);
  if (!Array.isArray(headers)) return false;
  return headers.some(
    (given, at) => at % 2 === 0 && typeof given === "string" && given.toLowerCase() === name,
  );
}

/** Replaces a header of the same name: two of them would both be invalid. */
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

/**
 * Traces `fetch` and undici through undici's own channels: spans, headers and
 * metrics. The span ends with the body of the response, or with its head if the app
 * does not read the body.
 */
export function installUndici(deps: HttpClientDeps): void {
  subscribe(deps, "undici:request:create", ({ request }) => startCall(deps, request));
  subscribe(deps, "undici:client:connected", ({ connectParams, socket }) => {
    if (connectParams === undefined || socket === undefined) return;
    if (!isTracingSuppressed(activeContext()))
      deps.metrics.connections.opened(socket, peerOf(connectParams));
  });
  subscribe(deps, "undici:client:sendHeaders", ({ request, socket }) => {
    const call = request[CALL];
    if (call === undefined || socket === undefined) return;
    call.protocolVersion = socket.alpnProtocol === "h2" ? "2" : "1.1";
    call.use(deps.metrics.connections.of(socket));
  });
  subscribe(deps, "undici:request:headers", ({ request, response }) => {
    const call = request[CALL];
    if (call === undefined) return;
    call.setResponse(response?.statusCode ?? 0, call.protocolVersion);
    call.awaitBody(() => call.isPaused && !call.isResumed);
  });
  subscribe(deps, "undici:request:trailers", ({ request }) => {
    request[CALL]?.end();
  });
  subscribe(deps, "undici:request:error", ({ request, error }) => {
    const call = request[CALL];
    if (call === undefined) return;
    if (call.isCancelled(error)) call.end();
    else call.fail(error instanceof Error ? error : new Error(String(error)));
  });
}

function startCall(deps: HttpClientDeps, request: UndiciRequest): void {
  const context = activeContext();
  // The tunnel through a proxy is not a call of the app, which has its own request.
  if (isTracingSuppressed(context) || request.method === "CONNECT") return;
  const call = new UndiciCall(deps, context, request.method);
  call.resolveTarget = () => targetOf(String(request.origin), request.path);
  request[CALL] = call;
  patchRequestClass(request, deps.onInternalError);
  deps.propagator.inject(deps.contextWithSpan(call.span), request, undiciSetter);
}

function peerOf({ hostname, port, protocol }: ConnectParams): { address: string; port: number } {
  const defaultPort = protocol === "https:" ? 443 : 80;
  return { address: hostname, port: Number(port) || defaultPort };
}

class UndiciCall extends ClientCall {
  #connection: ClientConnection | undefined = undefined;
  /** Whether the app or its handler has aborted the call. */
  isAborted = false;
  /** Whether the body is paused until the app reads it. */
  isPaused = false;
  /** Whether the app has resumed reading after a pause. */
  isResumed = false;

  /** Whether the app has cancelled the call: an abort with a reason of the app has no code of undici. */
  isCancelled(error: unknown): boolean {
    if (isCancellation(error)) return true;
    if (!this.isAborted) return false;
    const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
    return name !== "TimeoutError" && !(typeof code === "string" && code.startsWith("UND_ERR_"));
  }

  /** Counts the call on its connection; again, if undici sends it again. */
  use(connection: ClientConnection | undefined): void {
    if (this.#connection !== undefined) this.#connection.calls--;
    this.#connection = connection;
    if (connection !== undefined) connection.calls++;
  }

  override end(endedAt?: number): void {
    this.use(undefined);
    super.end(endedAt);
  }

  onData(isPaused: boolean): void {
    if (this.isPaused) this.isResumed = true;
    this.isPaused = isPaused;
  }
}

type Method = (this: UndiciRequest, first: unknown, ...rest: unknown[]) => unknown;

/**
 * Observers of what undici's channels do not publish: which side aborts a request,
 * that its body is paused, and, before 7.28 and since 8, that its connection was
 * upgraded. The methods are those until undici 7, and those since 8.
 */
const methodObservers: Readonly<Record<string, (original: Method) => Method>> = {
  onConnect: observeAbort,
  onRequestStart: observeAbort,
  onData: observePause,
  onResponseData: observePause,
  onUpgrade: observeUpgrade,
  onRequestUpgrade: observeUpgrade,
};

const patchedPrototypes = new WeakSet<object>();

/** Patches the class of requests: each copy of undici has one, and does not export it. */
function patchRequestClass(
  request: UndiciRequest,
  onInternalError: (error: unknown) => void,
): void {
  const prototype = Object.getPrototypeOf(request) as Record<string, unknown>;
  if (patchedPrototypes.has(prototype)) return;
  patchedPrototypes.add(prototype);
  try {
    for (const [name, observe] of Object.entries(methodObservers)) {
      const original = prototype[name];
      if (typeof original === "function") prototype[name] = observe(original as Method);
    }
  } catch (error) {
    onInternalError(error);
  }
}

function observeAbort(original: Method): Method {
  return function (abort, ...rest) {
    const call = this[CALL];
    if (call === undefined || typeof abort !== "function") {
      return original.call(this, abort, ...rest);
    }
    const observed = (...reasons: unknown[]): unknown => {
      call.isAborted = true;
      return Reflect.apply(abort, undefined, reasons) as unknown;
    };
    return original.call(this, observed, ...rest);
  };
}

function observePause(original: Method): Method {
  return function (chunk, ...rest) {
    const wantsMore = original.call(this, chunk, ...rest);
    this[CALL]?.onData(wantsMore === false);
    return wantsMore;
  };
}

function observeUpgrade(original: Method): Method {
  return function (statusCode, ...rest) {
    const call = this[CALL];
    call?.setResponse(Number(statusCode), call.protocolVersion);
    call?.end();
    return original.call(this, statusCode, ...rest);
  };
}

interface ConnectParams {
  readonly hostname: string;
  /** Empty for the protocol's own. */
  readonly port: string;
  readonly protocol: string;
}

interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
  readonly socket?: Socket & { readonly alpnProtocol?: unknown };
  readonly connectParams?: ConnectParams;
}

function subscribe(
  deps: HttpClientDeps,
  channel: string,
  listener: (message: UndiciMessage) => void,
): void {
  diagnosticsChannel.subscribe(channel, (message) => {
    try {
      listener(message as UndiciMessage);
    } catch (error) {
      deps.onInternalError(error);
    }
  });
}
