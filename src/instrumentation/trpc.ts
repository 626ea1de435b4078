import type { Holder } from "../context/holder.ts";
import { activeHolder } from "../context/manager.ts";
import type { Adaptor, Services } from "./adaptor.ts";
import { replaceMethod } from "./method.ts";
import { failureOf, type Result } from "./trpc-failure.ts";
import { requestOf, type Request } from "./trpc-request.ts";

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
  patch(exports, _file, services) {
    const { initTRPC } = exports as { readonly initTRPC?: object };
    if (initTRPC === undefined) return exports;
    const calls = new Calls(services);
    // `context()` and `meta()` give another builder of the class.
    replaceMethod<object, unknown[]>(
      Object.getPrototypeOf(initTRPC) as object,
      "create",
      (original) => {
        return function create(...args) {
          const root = Reflect.apply(original, this, args) as Root;
          return calls.followed(root);
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
  readonly next: () => Promise<Result>;
}

type Middleware = (call: Call) => Promise<Result>;

class Calls {
  readonly #services: Services;
  readonly #requests = new WeakMap<Holder, Request | undefined>();

  constructor(services: Services) {
    this.#services = services;
  }

  followed(root: Root): Root {
    this.#guard(() => {
      const procedure = root.procedure.use?.((call) => this.#follow(call));
      if (procedure !== undefined) root.procedure = procedure;
    });
    return root;
  }

  async #follow(call: Call): Promise<Result> {
    const holder = activeHolder();
    const request = this.#guard(() => this.#noteCall(holder, call));
    const result = await call.next();
    if (request !== undefined && holder !== undefined && !result.ok) {
      this.#guard(() => noteFailure(holder, result));
    }
    return result;
  }

  /** Undefined for a call by the app's own code, within a request of another kind or without any. */
  #noteCall(holder: Holder | undefined, { path, type }: Call): Request | undefined {
    if (holder === undefined || typeof path !== "string") return undefined;
    // Over a WebSocket, whose handshake is over, the path is in the message.
    if (isUpgraded(holder)) return NO_REQUEST;
    if (!this.#requests.has(holder)) this.#requests.set(holder, requestOf(holder));
    const request = this.#requests.get(holder);
    if (request?.paths.includes(path) !== true) return undefined;
    describe(holder, request, type);
    return request;
  }

  #guard<R>(work: () => R): R | undefined {
    try {
      return work();
    } catch (error) {
      this.#services.diagnostics.error("trpc", `a call of tRPC is not recorded: ${String(error)}`);
      return undefined;
    }
  }
}

function isUpgraded({ ended, statusCode }: Holder): boolean {
  return ended && statusCode === 101;
}

const NO_REQUEST: Request = { route: undefined, paths: [] };

/** Beyond these a batch is told by its size alone. */
const MOST_PATHS = 20;

function describe(holder: Holder, { route, paths }: Request, type: unknown): void {
  const { span } = holder;
  if (route !== undefined) holder.route = route;
  if (span?.isRecording() !== true) return;
  span.setAttribute("rpc.system.name", "trpc");
  if (typeof type === "string") span.setAttribute("telltale.trpc.type", type);
  const [path] = paths;
  if (paths.length === 1 && path !== undefined) span.setAttribute("rpc.method", path);
  else span.setAttribute("telltale.trpc.batch", paths.slice(0, MOST_PATHS));
}

/** Each call of a batch that fails is a failure of the request. */
function noteFailure(holder: Holder, result: Result): void {
  const failure = failureOf(result);
  if (failure === undefined) return;
  holder.noteFailure(failure.reason);
  if (holder.ended) return;
  // An app that tells of it by `onError` does so by tRPC's error around it.
  holder.whenEnded(() => {
    const { failures } = holder;
    if (!failure.isTold() || failures === undefined) return;
    holder.failures = failures.map((one) => (one === failure.reason ? failure.error : one));
  });
}
