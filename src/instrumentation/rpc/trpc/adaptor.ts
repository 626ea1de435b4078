import type { RpcRecorder } from "../../../context/unit-views.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { serverFailureOf, type ProcedureResult } from "./failure.ts";
import { trpcRequestOf, type TrpcRequest } from "./request.ts";

/**
 * tRPC's server, with all its adapters. The names of its files contain hashes, but
 * the builder's don't: the object that `initTRPC.create()` returns begins each
 * procedure with a middleware, added by tRPC's `use`. (The error formatter would
 * see more, but routers with different ones can't be merged.)
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
          return calls.addMiddleware(root);
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

  constructor(deps: AdaptorDeps) {
    this.#deps = deps;
  }

  addMiddleware(root: Root): Root {
    this.#guard(() => {
      const procedure = root.procedure.use?.((call) => this.#trace(call));
      if (procedure !== undefined) root.procedure = procedure;
    });
    return root;
  }

  async #trace(call: Call): Promise<ProcedureResult> {
    const unit = activeRpcRecorder();
    const request = this.#guard(() => this.#recordCall(unit, call));
    const result = await call.next();
    if (request !== undefined && unit !== undefined && !result.ok) {
      this.#guard(() => recordFailure(unit, result));
    }
    return result;
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

/** Each failed call of a batch is a failure of the request. */
function recordFailure(unit: RpcRecorder, result: ProcedureResult): void {
  const failure = serverFailureOf(result);
  if (failure === undefined) return;
  unit.recordFailure(failure.reason);
  if (unit.ended) return;
  // An app that reports errors in `onError` reports tRPC's error, which wraps this one.
  unit.onEnded(() => {
    const { failures } = unit;
    if (!failure.isReported() || failures === undefined) return;
    unit.failures = failures.map((one) => (one === failure.reason ? failure.error : one));
  });
}
