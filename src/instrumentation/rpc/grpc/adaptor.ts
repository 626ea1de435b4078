import { errorMonitor, type EventEmitter } from "node:events";
import type { Histogram } from "@opentelemetry/api";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { now } from "../../../clock.ts";
import type { RpcInfo, RpcRecorder } from "../../../context/unit-views.ts";
import { isErrorObject, markThrown } from "../../../context/thrown.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import { propertyOf } from "../../../property.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import { bindArguments, bindEvents } from "../../loading/caller-context.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import { upstreamAdaptor } from "../../upstream/upstream-adaptor.ts";

/**
 * `@grpc/grpc-js`. Outgoing calls are traced by upstream. An incoming call already
 * has a unit of work and a server span, as every HTTP/2 request. That span gets the
 * name and the attributes of the call, and its handler runs unchanged. Upstream's
 * server span would be a second one, and its wrapper of the handler would lose the
 * request's unit of work, the trailers and `this`.
 *
 * Where HTTP servers are not traced there is no unit of work, and upstream's span is
 * used.
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

/** Upstream's wrapper of a client's method. */
type Wrap = (original: Method) => Method;

/** Private methods of upstream; the tests fail when they are gone. */
interface Internals {
  _getPatchedClientMethods(...args: unknown[]): Wrap;
  _patchClientRequestMethod(...args: unknown[]): Wrap;
}

/**
 * Upstream writes the trace into the `Metadata` of a call. The app may use one
 * for calls of several requests at once, so each call gets a copy. The events of
 * a call that waits for its connection are emitted in its caller's context.
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

/** Recognizes `Metadata` as upstream does. */
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

/** A TypeScript enum: `{ 13: "INTERNAL", INTERNAL: 13 }`. */
type StatusNames = Readonly<Record<string, string | number>>;

interface CallDeps {
  readonly statusNames: StatusNames;
  readonly duration: Histogram;
  readonly onInternalError: (error: unknown) => void;
}

/** The metric has no stable conventions yet: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/ */
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
      // The entry is upstream's wrapper, or the handler of an earlier registration.
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

/** An incoming call: the RPC of an HTTP/2 request. */
class GrpcServerCall implements RpcInfo {
  /** `$package.$service/$method`. */
  readonly spanName: string;
  status: unknown = undefined;
  errorType: string | undefined = undefined;
  readonly #unit: RpcRecorder;
  readonly #calls: CallDeps;
  readonly #startedAt: number = now();
  /** What `markThrown` returns. */
  #error: unknown = undefined;

  constructor(unit: RpcRecorder, path: string, calls: CallDeps) {
    this.#unit = unit;
    this.#calls = calls;
    this.spanName = path.slice(1);
    unit.rpc = this;
    // Registered methods are few.
    unit.route = path;
    const slash = this.spanName.lastIndexOf("/");
    // The same names as on upstream's client spans.
    unit.span?.setAttributes({
      "rpc.system": "grpc",
      "rpc.service": this.spanName.slice(0, slash),
      "rpc.method": this.spanName.slice(slash + 1),
    });
    unit.onEnded(() => this.#end());
  }

  /** Records an error of the app; the status decides whether the call failed. */
  fail(error: unknown): void {
    this.#error ??= markThrown(error);
  }

  captureError(respond: Respond): Respond {
    const fail = (error: unknown): void => this.fail(error);
    return function (error, ...rest) {
      if (error !== undefined && error !== null) fail(error);
      return Reflect.apply(respond, this, [error, ...rest]);
    };
  }

  /** Runs the handler. To its errors some versions respond with UNKNOWN, in others they are uncaught. */
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
    // Without a status the client has cancelled the call, which is CANCELLED on both sides.
    const code = this.status === undefined ? CANCELLED : Number(this.status);
    const name = String(this.#calls.statusNames[code] ?? "UNKNOWN");
    span?.setAttribute("rpc.grpc.status_code", code);
    if (SERVER_ERROR_NAMES.has(name)) {
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
 * Failures of the server. All other codes are errors of the client. Clients take a code
 * that gRPC does not define for UNKNOWN.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#grpc-status
 */
const SERVER_ERROR_NAMES: ReadonlySet<string> = new Set([
  ...["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"],
]);

/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/** Converts `{ code, details }`, with which many handlers respond, to an `Error`. */
function toError(reason: unknown): unknown {
  if (isErrorObject(reason) || typeof propertyOf(reason, "code") !== "number") return reason;
  const text = propertyOf(reason, "details") ?? propertyOf(reason, "message");
  const error = new RpcError(typeof text === "string" ? text : undefined);
  // The stack of this function has no information.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

class RpcError extends Error {
  override name = "RpcError";
}
