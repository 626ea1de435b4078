import type { RpcRecorder } from "../../../context/unit-views.ts";
import { markThrown } from "../../../context/thrown.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import {
  type ProcedureResult,
  serverFailureOf,
  type TrpcError,
  type TrpcFailure,
} from "./failure.ts";
import { FormattedErrors } from "./formatted-errors.ts";
import { trpcRequestOf, type TrpcRequest } from "./request.ts";
import { ThrownValues, watchBuilder, watchFunction } from "./thrown-values.ts";

/**
 * tRPC's server, with all its adapters. The names of its files contain hashes, but
 * the builder's don't: the object that `initTRPC.create()` returns begins each
 * procedure with a middleware, added by tRPC's `use`. Errors outside of procedures (in the
 * context of a request, in a started subscription) are those that tRPC formats for clients.
 *
 * The procedure is recorded on the span of the HTTP request that calls it, under the
 * conventions' names. A separate span would only repeat it:
 * https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const { initTRPC } = exports as { readonly initTRPC?: object };
    if (initTRPC === undefined) return exports;
    const calls = new ProcedureCalls(deps);
    // `context()` and `meta()` return another builder of the same class.
    replaceMethod<object, unknown[]>(
      Object.getPrototypeOf(initTRPC) as object,
      "create",
      (original) => {
        return function create(...args) {
          const root = Reflect.apply(original, this, args) as Root;
          return calls.watch(root);
        };
      },
    );
    return exports;
  },
};

/** The result of `create`. */
interface Root {
  procedure: { use?: (middleware: Middleware) => Root["procedure"] };
}

interface Call {
  readonly path?: unknown;
  readonly type?: unknown;
  readonly next: () => Promise<ProcedureResult>;
}

type Middleware = (call: Call) => Promise<ProcedureResult>;

class ProcedureCalls {
  readonly #deps: AdaptorDeps;
  readonly #requests = new WeakMap<RpcRecorder, TrpcRequest | undefined>();
  readonly #thrown = new ThrownValues();
  /** Errors of each unit of work that were recorded: a procedure's is also formatted. */
  readonly #recorded = new WeakMap<RpcRecorder, WeakSet<object>>();

  /** One for all routers, which may be merged. */
  readonly #formatted = new FormattedErrors((unit, error) =>
    this.#guard(() => this.#recordError(unit, error)),
  );

  constructor(deps: AdaptorDeps) {
    this.#deps = deps;
  }

  watch(root: Root): Root {
    this.#guard(() => {
      const procedure = root.procedure.use?.((call) => this.#trace(call));
      if (procedure !== undefined) root.procedure = procedure;
      this.#watchErrors(root);
    });
    return root;
  }

  #watchErrors(root: Root): void {
    const onThrown = (thrown: unknown): void => {
      const unit = activeRpcRecorder();
      if (unit !== undefined) this.#guard(() => this.#thrown.add(unit, thrown));
    };
    watchBuilder(root.procedure, onThrown);
    replaceMethod(root, "middleware", (original) => {
      return function middleware(...args) {
        return Reflect.apply(
          original,
          this,
          args.map((arg) => watchFunction(arg, onThrown)),
        );
      };
    });
    this.#formatted.watch(root);
  }

  async #trace(call: Call): Promise<ProcedureResult> {
    const unit = activeRpcRecorder();
    const request = this.#guard(() => this.#recordCall(unit, call));
    const result = await call.next();
    const { error } = result;
    if (request !== undefined && unit !== undefined && !result.ok && error !== undefined) {
      this.#guard(() => this.#recordError(unit, error));
    }
    return result;
  }

  /** Each failed call of a batch is a failure of the request. */
  #recordError(unit: RpcRecorder, error: TrpcError): void {
    const recorded = this.#recorded.get(unit) ?? new WeakSet();
    if (recorded.has(error)) return;
    this.#recorded.set(unit, recorded.add(error));
    const failure = serverFailureOf(error, this.#thrown.take(unit, error));
    if (failure !== undefined) recordFailure(unit, failure);
  }

  /** Returns undefined for a call by the app's own code, in another request or without one. */
  #recordCall(unit: RpcRecorder | undefined, { path, type }: Call): TrpcRequest | undefined {
    if (unit === undefined || typeof path !== "string") return undefined;
    // Over a WebSocket the path is in the message; the handshake has ended.
    if (isUpgraded(unit)) return NO_REQUEST;
    if (!this.#requests.has(unit)) this.#requests.set(unit, trpcRequestOf(unit));
    const request = this.#requests.get(unit);
    if (request?.paths.includes(path) !== true) return undefined;
    describe(unit, request, type);
    return request;
  }

  #guard<R>(work: () => R): R | undefined {
    return tryOrReport(this.#deps.diagnostics, "trpc", "a tRPC call could not be recorded", work);
  }
}

function isUpgraded({ ended, statusCode }: RpcRecorder): boolean {
  return ended && statusCode === 101;
}

const NO_REQUEST: TrpcRequest = { route: undefined, paths: [] };

/** Maximum number of a batch's procedures on the span. */
const MAX_PATHS = 20;

function describe(unit: RpcRecorder, { route, paths }: TrpcRequest, type: unknown): void {
  const { span } = unit;
  if (route !== undefined) unit.route = route;
  if (span?.isRecording() !== true) return;
  span.setAttribute("rpc.system.name", "trpc");
  if (typeof type === "string") span.setAttribute("telltale.trpc.type", type);
  const [path] = paths;
  if (paths.length === 1 && path !== undefined) span.setAttribute("rpc.method", path);
  else span.setAttribute("telltale.trpc.batch", paths.slice(0, MAX_PATHS));
}

function recordFailure(unit: RpcRecorder, { error, reason, isReported }: TrpcFailure): void {
  unit.recordFailure(reason);
  if (unit.ended) return;
  const recorded = markThrown(reason);
  // An app that reports errors in `onError` reports tRPC's error, which wraps this one.
  unit.onEnded(() => {
    const { failures } = unit;
    if (!isReported() || failures === undefined) return;
    unit.failures = failures.map((one) => (one === recorded ? error : one));
  });
}
