import type { RpcRecorder } from "../../../context/unit-views.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { serverFailureOf, type ProcedureResult } from "./failure.ts";
import { trpcRequestOf, type TrpcRequest } from "./request.ts";

/**
 * tRPC's server, whichever adapter serves it. Its files have hashes in their
 * names, its builder has not: what `initTRPC.create()` gives begins each
 * procedure with a middleware of ours, by tRPC's own `use`. (The error formatter
 * would see more, but routers that have different ones can't be merged.)
 *
 * The procedure goes onto the span of the HTTP request that calls it, by the
 * conventions' names for what is called; a span beside that one would say the
 * same once more: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const { initTRPC } = exports as { readonly initTRPC?: object };
    if (initTRPC === undefined) return exports;
    const calls = new ProcedureCalls(deps);
    // `context()` and `meta()` give another builder of the class.
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

/** What `create` gives. */
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

  /** Undefined for a call by the app's own code, within a request of another kind or without any. */
  #recordCall(unit: RpcRecorder | undefined, { path, type }: Call): TrpcRequest | undefined {
    if (unit === undefined || typeof path !== "string") return undefined;
    // Over a WebSocket, whose handshake is over, the path is in the message.
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

/** Beyond these a batch is told by its size alone. */
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

/** Each call of a batch that fails is a failure of the request. */
function recordFailure(unit: RpcRecorder, result: ProcedureResult): void {
  const failure = serverFailureOf(result);
  if (failure === undefined) return;
  unit.recordFailure(failure.reason);
  if (unit.ended) return;
  // An app that tells of it by `onError` does so by tRPC's error around it.
  unit.onEnded(() => {
    const { failures } = unit;
    if (!failure.isReported() || failures === undefined) return;
    unit.failures = failures.map((one) => (one === failure.reason ? failure.error : one));
  });
}
