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
 * `request` of a client's session of `node:http2`. The channels that tell of
 * its streams come with Node 22.17 and 24.2, and after the headers are made.
 * The class of sessions isn't exported either: it is found with the first one.
 *
 * Left out are the sessions of those who are traced already: gRPC's by its own
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

/** What `promisify` takes instead of the function; a property that can't be changed any more. */
function withPromisify(connect: Method, original: Method, watch: OnSession): Method {
  const own = Object.getOwnPropertyDescriptor(original, promisify.custom);
  const make: unknown = own?.value;
  if (typeof make !== "function") return connect;
  const promised: Method = function (...args) {
    const session = Reflect.apply(make, this, args) as Promise<unknown>;
    // Before whoever has asked for it; that it failed, he hears himself.
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

/** Streams that the app itself closed: `close` with whatever code, or `destroy`. */
type ClosedStreams = WeakSet<object>;

function patchSessions(session: unknown, { outgoing, diagnostics }: AdaptorDeps): void {
  const onFault = (error: unknown): void =>
    diagnostics.error("http2-client", `a request could not be recorded: ${String(error)}`);
  try {
    const calls = outgoing();
    const closedByApp = closedStreams();
    const prototype = Object.getPrototypeOf(session) as object;
    replaceMethod<object, [unknown, ...unknown[]]>(prototype, "request", (original) => {
      return function request(headers, ...rest) {
        const started = beginCall(calls, this, headers, onFault);
        if (started?.call === undefined) {
          return Reflect.apply(original, this, [started?.headers ?? headers, ...rest]);
        }
        const { call } = started;
        let stream: ClientStream | undefined;
        try {
          stream = Reflect.apply(original, this, [started.headers, ...rest]) as ClientStream;
          return stream;
        } finally {
          // No `catch`: Node would show ours as the place where the error was thrown.
          if (stream === undefined) call.fail(new AbortedCall());
          else trackStream(stream, call, closedByApp(stream), onFault);
        }
      };
    });
  } catch (error) {
    onFault(error);
  }
}

interface StartedCall {
  /** Undefined: not to be recorded. */
  readonly call: OutgoingCall | undefined;
  /** A copy with the trace's: those that were given stay as they are, and are read once. */
  readonly headers: Headers | undefined;
}

function beginCall(
  calls: OutgoingCalls,
  session: object,
  appHeaders: unknown,
  onFault: (error: unknown) => void,
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
    // A getter of the app's may throw, as it then does for Node.
    onFault(error);
    return undefined;
  }
}

/** `@grpc/grpc-js` says so after what the app says of itself. */
const GRPC = /\bgrpc-node-js\//;

/** By name; or names and values in turn, which newer Nodes take. */
type Headers = Record<string, unknown> | unknown[];

/** With the symbol that says which of them are sensitive. Undefined of what Node refuses. */
function copyHeaders(headers: unknown): Headers | undefined {
  if (headers === undefined) return {};
  if (typeof headers !== "object" || headers === null) return undefined;
  if (!Array.isArray(headers)) {
    // A header may be called `__proto__`.
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

function injectHeaders(headers: Headers, propagationHeaders: PropagationHeaders): void {
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

/** Undici counts the streams of a session on the session. */
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

/** Both sides may end a stream with the same code: only the methods tell which one did. */
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

/** Node closes the streams of a connection that is gone in the same way. */
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
  onFault: (error: unknown) => void,
): void {
  try {
    let isAnswered = false;
    const isUnread = (): boolean => stream.readableFlowing === null;
    call.setTarget(() => requestTarget(stream.sentHeaders));
    stream.once("response", (headers: Readonly<Record<string, unknown>>, flags: number) => {
      isAnswered = true;
      const hasBody = (flags & END_STREAM) === 0;
      call.setResponse(Number(headers[":status"]), "2", hasBody ? isUnread : undefined);
    });
    stream.once(errorMonitor, (error: Error) => call.fail(causeOf(error)));
    stream.once("close", () => {
      if (closedByApp.has(stream) || (isAnswered && (stream.rstCode ?? 0) === 0)) call.end();
      else call.fail(new AbortedCall());
    });
  } catch (error) {
    onFault(error);
  }
}

/** Of a stream that waited for its connection: what has become of that. */
function causeOf(error: Error & { readonly code?: unknown }): Error {
  return error.code === "ERR_HTTP2_STREAM_CANCEL" && error.cause instanceof Error
    ? error.cause
    : error;
}

/** `CONNECT` has neither scheme nor path. */
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
