import diagnosticsChannel from "node:diagnostics_channel";
import type { TextMapSetter } from "@opentelemetry/api";
import { isTracingSuppressed } from "../../context/context.ts";
import { activeContext } from "../../context/manager.ts";
import { ClientCall, type HttpClientDeps, isCancellation } from "./client-call.ts";
import { targetOf } from "../url.ts";

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
  [CALL]?: UndiciCall;
}

const CALL: unique symbol = Symbol("telltale.call");

const undiciSetter: TextMapSetter<UndiciRequest> = {
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

/**
 * `fetch` and undici: spans, headers and metrics through undici's own channels.
 * The span ends with the body of the response, or with its head if the app does
 * not read it.
 */
export function installUndici(deps: HttpClientDeps): void {
  subscribe(deps, "undici:request:create", ({ request }) => startCall(deps, request));
  subscribe(deps, "undici:client:sendHeaders", ({ request, socket }) => {
    const call = request[CALL];
    if (call !== undefined) call.protocolVersion = socket?.alpnProtocol === "h2" ? "2" : "1.1";
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
  // A tunnel through a proxy is no call of the app's: that comes with a request of its own.
  if (isTracingSuppressed(context) || request.method === "CONNECT") return;
  const call = new UndiciCall(deps, context, request.method);
  call.resolveTarget = () => targetOf(String(request.origin), request.path);
  request[CALL] = call;
  patchRequestClass(request, deps.onInternalError);
  deps.propagator.inject(deps.contextWithSpan(call.span), request, undiciSetter);
}

class UndiciCall extends ClientCall {
  /** Whether it was the app that gave the call up, or its handler. */
  isAborted = false;
  /** Whether the body waits for the app to read it. */
  isPaused = false;
  /** Whether the app has read on after a pause. */
  isResumed = false;

  /** An abort for a reason of the app's own has no code of undici's. */
  isCancelled(error: unknown): boolean {
    if (isCancellation(error)) return true;
    if (!this.isAborted) return false;
    const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
    return name !== "TimeoutError" && !(typeof code === "string" && code.startsWith("UND_ERR_"));
  }

  onData(isPaused: boolean): void {
    if (this.isPaused) this.isResumed = true;
    this.isPaused = isPaused;
  }
}

type Method = (this: UndiciRequest, first: unknown, ...rest: unknown[]) => unknown;

/**
 * What no channel tells: by whom a request is given up, that its body waits to
 * be read, and, before 7.28 and since 8, that its connection was upgraded. The
 * names are those until undici 7, and those since 8.
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

/** Undici has one class of requests per copy, which it does not export. */
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

interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
  readonly socket?: { readonly alpnProtocol?: unknown };
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
