import { errorMonitor, type EventEmitter } from "node:events";
import type { Histogram } from "@opentelemetry/api";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { now } from "../../../clock.ts";
import type { RpcInfo, RpcRecorder } from "../../../context/unit-views.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { bindArguments, bindEvents } from "../../loading/caller-context.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/**
 * `@grpc/grpc-js`. Calls that go out are upstream's. One that comes in has its
 * entry and its server span already, as each request of HTTP/2 does: that span
 * gets the name and the attributes of the call, and its handler runs as the
 * client has it. Upstream's server span would be a second one, and its handler
 * would lose the request's holder, the trailers that it gives, and its `this`.
 *
 * Where HTTP servers are not traced there is no entry, and upstream's span stays.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const patched = clients.patch(exports, file, deps);
    const { Client, Server, status } = exports as Library;
    bindArguments(Client.prototype, "waitForReady");
    patchServer(Server.prototype, createCallDeps(status, file, deps));
    return patched;
  },
};

const clients = upstreamAdaptor((options) => withCopiedMetadata(new GrpcInstrumentation(options)));

/** How upstream wraps the methods of clients; private in its types, the tests notice when they are gone. */
type Wrap = (original: Method) => Method;

interface Internals {
  _getPatchedClientMethods(...args: unknown[]): Wrap;
  _patchClientRequestMethod(...args: unknown[]): Wrap;
}

/**
 * Upstream writes the trace into the `Metadata` of a call. That is the app's,
 * which may use it for calls of several requests at once: each call gets a copy.
 * What a call that waits for the connection says comes in its caller's context.
 */
function withCopiedMetadata(instrumentation: GrpcInstrumentation): GrpcInstrumentation {
  const internals = instrumentation as unknown as Internals;
  for (const name of ["_getPatchedClientMethods", "_patchClientRequestMethod"] as const) {
    const patch = internals[name];
    internals[name] = (...args) => {
      const wrap = patch.apply(internals, args);
      return (original) => {
        const traced = wrap(original);
        const copying: Method = function (...callArgs) {
          const call: unknown = Reflect.apply(traced, this, callArgs.map(copyOfMetadata));
          bindEvents(call);
          return call;
        };
        return copyFunctionProperties(copying, original);
      };
    };
  }
  return instrumentation;
}

/** Told by what upstream tells it by. */
function copyOfMetadata(value: unknown): unknown {
  const { internalRepr, clone } = (value ?? {}) as { internalRepr?: unknown; clone?: unknown };
  return internalRepr instanceof Map && typeof clone === "function"
    ? Reflect.apply(clone, value, [])
    : value;
}

interface Library {
  readonly Client: { readonly prototype: object };
  readonly Server: { readonly prototype: object };
  readonly status: StatusNames;
}

/** An enum of TypeScript's: `{ 13: "INTERNAL", INTERNAL: 13 }`. */
type StatusNames = Readonly<Record<string, string | number>>;

interface CallDeps {
  readonly statusNames: StatusNames;
  readonly duration: Histogram;
  readonly onInternalError: (error: unknown) => void;
}

/** Has no stable conventions yet: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/ */
function createCallDeps(
  statusNames: StatusNames,
  { version }: LoadedFile,
  { meterProvider, diagnostics }: AdaptorDeps,
): CallDeps {
  const meter = meterProvider.getMeter("@grpc/grpc-js", version);
  return {
    statusNames,
    duration: meter.createHistogram("rpc.server.call.duration", {
      description: "Measures the duration of an incoming Remote Procedure Call (RPC).",
      unit: "s",
      advice: {
        explicitBucketBoundaries: [
          0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
        ],
      },
    }),
    onInternalError: (error) =>
      diagnostics.error("grpc", `a gRPC call could not be recorded: ${String(error)}`),
  };
}

interface ServerLike {
  readonly handlers: Map<string, { func: Handler }>;
}

type Handler = (this: unknown, call: EventEmitter, ...rest: unknown[]) => unknown;

function patchServer(prototype: object, calls: CallDeps): void {
  replaceMethod<ServerLike, [string, Handler, ...unknown[]]>(prototype, "register", (original) => {
    return function register(...args) {
      const result = Reflect.apply(original, this, args);
      const [path, handler] = args;
      const entry = this.handlers.get(path);
      // Upstream's, around the app's; or, as it was registered before, another one's.
      if (result === true && entry !== undefined) {
        entry.func = traceHandler(handler, entry.func, path, calls);
      }
      return result;
    };
  });
}

function traceHandler(
  handler: Handler,
  upstreamHandler: Handler,
  path: string,
  calls: CallDeps,
): Handler {
  return function (call, ...rest) {
    const unit = activeRpcRecorder();
    if (unit?.rpc !== undefined || unit?.currentPath() !== path) {
      return Reflect.apply(upstreamHandler, this, [call, ...rest]);
    }
    const incoming = new GrpcServerCall(unit, path, calls);
    call.on(errorMonitor, (error) => incoming.fail(error));
    const [respond] = rest;
    if (typeof respond === "function") rest[0] = incoming.captureError(respond as Respond);
    return incoming.run(() => Reflect.apply(handler, this, [call, ...rest]));
  };
}

type Respond = (this: unknown, error: unknown, ...rest: unknown[]) => unknown;

/** A call that a request of HTTP/2 has brought. */
class GrpcServerCall implements RpcInfo {
  /** `$package.$service/$method`. */
  readonly spanName: string;
  status: unknown = undefined;
  errorType: string | undefined = undefined;
  readonly #unit: RpcRecorder;
  readonly #calls: CallDeps;
  readonly #startedAt: number = now();
  #error: unknown = undefined;

  constructor(unit: RpcRecorder, path: string, calls: CallDeps) {
    this.#unit = unit;
    this.#calls = calls;
    this.spanName = path.slice(1);
    unit.rpc = this;
    // A method that is registered: of few values.
    unit.route = path;
    const slash = this.spanName.lastIndexOf("/");
    // The conventions' names that upstream's client spans have.
    unit.span?.setAttributes({
      "rpc.system": "grpc",
      "rpc.service": this.spanName.slice(0, slash),
      "rpc.method": this.spanName.slice(slash + 1),
    });
    unit.onEnded(() => this.#end());
  }

  /** The error is the app's; whether it is a failure, the status will tell. */
  fail(error: unknown): void {
    this.#error ??= error;
  }

  captureError(respond: Respond): Respond {
    const fail = (error: unknown): void => this.fail(error);
    return function (error, ...rest) {
      if (error !== undefined && error !== null) fail(error);
      return Reflect.apply(respond, this, [error, ...rest]);
    };
  }

  /** What a handler throws, some versions answer with UNKNOWN; in others the process dies of it. */
  run(handle: () => unknown): unknown {
    try {
      return handle();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #end(): void {
    try {
      this.#record();
    } catch (error) {
      this.#calls.onInternalError(error);
    }
  }

  #record(): void {
    const { span } = this.#unit;
    // Without one the client has given up: by then it has ended as CANCELLED for both.
    const code = this.status === undefined ? CANCELLED : Number(this.status);
    const name = String(this.#calls.statusNames[code] ?? code);
    span?.setAttribute("rpc.grpc.status_code", code);
    if (SERVER_ERROR_CODES.has(code)) {
      this.errorType = name;
      const error = toError(this.#error);
      if (error !== undefined) this.#unit.failures = [error];
      span?.setStatus({ code: STATUS_ERROR }).setAttribute("error.type", name);
    }
    this.#calls.duration.record((now() - this.#startedAt) / 1000, {
      "rpc.system.name": "grpc",
      "rpc.method": this.spanName,
      "rpc.response.status_code": name,
      ...(this.errorType !== undefined && { "error.type": this.errorType }),
    });
  }
}

const CANCELLED = 1;

/**
 * UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS
 * are the server's failures; of the others it is the client to blame.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#grpc-status
 */
const SERVER_ERROR_CODES: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/** Many handlers answer with `{ code, details }`, which is no `Error`. */
function toError(given: unknown): unknown {
  if (typeof given !== "object" || given === null || given instanceof Error) return given;
  const { details, message } = given as { readonly details?: string; readonly message?: string };
  const error = new RpcError(details ?? message);
  // Made here, which says nothing.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

class RpcError extends Error {
  override name = "RpcError";
}
