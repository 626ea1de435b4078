import { errorMonitor, type EventEmitter } from "node:events";
import { promisify } from "node:util";
import { AbortedCall } from "../../../context/aborted-call.ts";
import type { OutgoingCall, OutgoingCalls } from "../../../context/outgoing.ts";
import type { PropagationHeaders } from "../../../context/messaging.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/**
 * `request` of the client sessions of `node:http2`. Node's channels for their streams
 * exist only since 22.17 and 24.2, and publish after the headers are built. The
 * class of sessions isn't exported, so it is patched with the first session.
 *
 * Sessions of libraries that are traced already are left out: gRPC's by its own
 * instrumentation, undici's (and `fetch`'s) by their channels.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const watch = createSessionPatcher(deps);
    replaceMethod<unknown, unknown[]>(exports as object, "connect", (original) => {
      const connect: Method = function (...args) {
        return watch(Reflect.apply(original, this, args));
      };
      return withPromisify(connect, original, watch);
    });
    return exports;
  },
};

type OnSession = (session: unknown) => unknown;

/** Replaces the function that `promisify` returns, a property that is read-only on the original. */
function withPromisify(connect: Method, original: Method, watch: OnSession): Method {
  const own = Object.getOwnPropertyDescriptor(original, promisify.custom);
  const make: unknown = own?.value;
  if (typeof make !== "function") return connect;
  const promised: Method = function (...args) {
    const session = Reflect.apply(make, this, args) as Promise<unknown>;
    // Runs before the caller's reaction. The caller handles a rejection.
    session.then(watch, () => {});
    return session;
  };
  return Object.defineProperty(connect, promisify.custom, {
    ...own,
    value: copyFunctionProperties(promised, make),
  });
}

function createSessionPatcher(deps: AdaptorDeps): OnSession {
  let isPatched = false;
  return (session) => {
    if (!isPatched) {
      isPatched = true;
      patchSessions(session, deps);
    }
    return session;
  };
}

/** Streams closed by the app: by `close` with any code, or by `destroy`. */
type ClosedStreams = WeakSet<object>;

function patchSessions(session: unknown, { outgoing, diagnostics }: AdaptorDeps): void {
  const onInternalError = (error: unknown): void =>
    diagnostics.error("http2-client", `a request could not be recorded: ${String(error)}`);
  try {
    const calls = outgoing();
    const closedByApp = closedStreams();
    const prototype = Object.getPrototypeOf(session) as object;
    replaceMethod<object, [unknown, ...unknown[]]>(prototype, "request", (original) => {
      return function request(headers, ...rest) {
        const started = beginCall(calls, this, headers, onInternalError);
        if (started?.call === undefined) {
          return Reflect.apply(original, this, [started?.headers ?? headers, ...rest]);
        }
        const { call } = started;
        let stream: ClientStream | undefined;
        try {
          stream = Reflect.apply(original, this, [started.headers, ...rest]) as ClientStream;
          return stream;
        } finally {
          // Without `catch`, since Node would report a rethrow as the place where the error was thrown.
          if (stream === undefined) call.fail(new AbortedCall());
          else trackStream(stream, call, closedByApp(stream), onInternalError);
        }
      };
    });
  } catch (error) {
    onInternalError(error);
  }
}

interface StartedCall {
  /** Undefined where the call is not recorded. */
  readonly call: OutgoingCall | undefined;
  /** A copy with the trace's headers; the app's headers are unchanged, and are read once. */
  readonly headers: Headers | undefined;
}

function beginCall(
  calls: OutgoingCalls,
  session: object,
  appHeaders: unknown,
  onInternalError: (error: unknown) => void,
): StartedCall | undefined {
  try {
    if (isUndiciSession(session)) return undefined;
    const headers = copyHeaders(appHeaders);
    if (headers === undefined) return undefined;
    if (GRPC.test(valueIn(headers, "user-agent"))) return { call: undefined, headers };
    const call = calls.start(valueIn(headers, ":method") || "GET");
    if (call !== undefined) injectHeaders(headers, call.propagationHeaders);
    return { call, headers };
  } catch (error) {
    // A getter of the app may throw, which it does for Node too.
    onInternalError(error);
    return undefined;
  }
}

/** The user agent of `@grpc/grpc-js`, after the app's. */
const GRPC = /\bgrpc-node-js\//;

/** Headers by name, or names and values in turn, which newer versions of Node accept. */
type Headers = Record<string, unknown> | unknown[];

/** Copies headers, with the symbol of the sensitive ones. Returns undefined for values that Node rejects. */
function copyHeaders(headers: unknown): Headers | undefined {
  if (headers === undefined) return {};
  if (typeof headers !== "object" || headers === null) return undefined;
  if (!Array.isArray(headers)) {
    // A header may have the name `__proto__`.
    return Object.assign(Object.create(null) as Record<string, unknown>, headers);
  }
  const copy = headers.slice() as unknown[];
  for (const symbol of Object.getOwnPropertySymbols(headers)) {
    const value = (headers as unknown as Record<symbol, unknown>)[symbol];
    Object.defineProperty(copy, symbol, { value });
  }
  return copy;
}

function valueIn(headers: Headers, name: string): string {
  const pairs = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers);
  const found = pairs.find(
    ([headerName]) => typeof headerName === "string" && isNamed(headerName, name),
  );
  return typeof found?.[1] === "string" ? found[1] : "";
}

function pairsOf(headers: readonly unknown[]): [unknown, unknown][] {
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
}

/** Replaces headers of the app by those of the trace, except for a request id of the app. */
function injectHeaders(headers: Headers, injected: PropagationHeaders): void {
  const { "x-request-id": requestId, ...trace } = injected;
  const isKept = requestId === undefined || valueIn(headers, "x-request-id") !== "";
  const propagationHeaders = isKept ? trace : injected;
  const names = Object.keys(propagationHeaders);
  const isInjected = (headerName: unknown): boolean =>
    typeof headerName === "string" && names.some((name) => isNamed(headerName, name));
  if (!Array.isArray(headers)) {
    for (const name of Object.keys(headers)) if (isInjected(name)) delete headers[name];
    Object.assign(headers, propagationHeaders);
    return;
  }
  for (let at = headers.length - 2; at >= 0; at--) {
    if (at % 2 === 0 && isInjected(headers[at])) headers.splice(at, 2);
  }
  for (const name of names) headers.push(name, propagationHeaders[name]);
}

function isNamed(headerName: string, name: string): boolean {
  return headerName.length === name.length && headerName.toLowerCase() === name;
}

const undiciSessions = new WeakMap<object, boolean>();

/** Recognizes a session by the property in which undici counts its streams. */
function isUndiciSession(session: object): boolean {
  let is = undiciSessions.get(session);
  if (is === undefined) {
    const symbols = Object.getOwnPropertySymbols(session);
    is = symbols.some(({ description }) => description === "open streams");
    undiciSessions.set(session, is);
  }
  return is;
}

interface ClientStream extends EventEmitter {
  readonly rstCode?: number;
  readonly closed?: boolean;
  readonly readableFlowing: boolean | null;
  readonly session?: { readonly socket?: { readonly destroyed: boolean } };
  readonly sentHeaders?: Readonly<Record<string, unknown>>;
}

/** Tracks the streams that the app closes: the code is the same when the server does. */
function closedStreams(): (stream: ClientStream) => ClosedStreams {
  const closedByApp: ClosedStreams = new WeakSet();
  let isPatched = false;
  return (stream) => {
    if (isPatched) return closedByApp;
    isPatched = true;
    const prototype = Object.getPrototypeOf(stream) as object;
    for (const name of ["close", "destroy"]) {
      replaceMethod<ClientStream, unknown[]>(prototype, name, (original) => {
        return function (...args) {
          if (this.closed === false && isConnected(this)) closedByApp.add(this);
          return Reflect.apply(original, this, args);
        };
      });
    }
    return closedByApp;
  };
}

/** Node closes the streams of a lost connection by the same methods. */
function isConnected({ session }: ClientStream): boolean {
  try {
    return session?.socket?.destroyed !== true;
  } catch {
    return false;
  }
}

/** `NGHTTP2_FLAG_END_STREAM`: no body follows. */
const END_STREAM = 1;

function trackStream(
  stream: ClientStream,
  call: OutgoingCall,
  closedByApp: ClosedStreams,
  onInternalError: (error: unknown) => void,
): void {
  try {
    let hasResponse = false;
    const isUnread = (): boolean => stream.readableFlowing === null;
    call.setTarget(() => requestTarget(stream.sentHeaders));
    stream.once("response", (headers: Readonly<Record<string, unknown>>, flags: number) => {
      hasResponse = true;
      const hasBody = (flags & END_STREAM) === 0;
      call.setResponse(Number(headers[":status"]), "2", hasBody ? isUnread : undefined);
    });
    stream.once(errorMonitor, (error: Error) => call.fail(causeOf(error)));
    stream.once("close", () => {
      if (closedByApp.has(stream) || (hasResponse && (stream.rstCode ?? 0) === 0)) call.end();
      else call.fail(new AbortedCall());
    });
  } catch (error) {
    onInternalError(error);
  }
}

/** Returns the connection's error for a stream that waited for it. */
function causeOf(error: Error & { readonly code?: unknown }): Error {
  return error.code === "ERR_HTTP2_STREAM_CANCEL" && error.cause instanceof Error
    ? error.cause
    : error;
}

/** Returns scheme, authority and path; `CONNECT` has only an authority. */
function requestTarget(
  headers: ClientStream["sentHeaders"] = {},
): { origin: string; path: string } | undefined {
  const text = (name: string): string => {
    const value = headers[name];
    return typeof value === "string" ? value : "";
  };
  const authority = text(":authority") || text("host");
  if (authority === "") return undefined;
  return { origin: `${text(":scheme") || "http"}://${authority}`, path: text(":path") };
}
