import type { RpcRecorder } from "../../../context/unit-views.ts";
import { activeRpcRecorder } from "../../../context/unit-access.ts";
import { propertyOf } from "../../../property.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import type { TrpcError } from "./failure.ts";

/** Called with tRPC's error, as its formatter gets it, and the unit of work. Must not throw. */
type OnError = (unit: RpcRecorder, error: TrpcError) => void;

interface Config {
  errorFormatter?: unknown;
}

/**
 * Watches the errors that tRPC formats for clients: those of procedures, of the context
 * of a request and of started subscriptions.
 *
 * Routers are only merged if their formatters are the same or tRPC's own. So the
 * app's formatter is replaced only within requests, and not while routers are merged.
 */
export class FormattedErrors {
  readonly #onError: OnError;
  #isMerging = false;

  constructor(onError: OnError) {
    this.#onError = onError;
  }

  /** @param root what `initTRPC.create()` returns */
  watch(root: object): void {
    this.#watchConfig(propertyOf(root, "_config"));
    const merged = (router: unknown): void =>
      this.#watchConfig(propertyOf(propertyOf(router, "_def"), "_config"));
    replaceMethod(root, "mergeRouters", (original) => {
      const mergeRouters = this.#merging(original);
      return function (...args) {
        const router = Reflect.apply(mergeRouters, this, args);
        merged(router);
        return router;
      };
    });
  }

  #merging(original: Method): Method {
    const setMerging = (isMerging: boolean): void => void (this.#isMerging = isMerging);
    return function (...args) {
      setMerging(true);
      try {
        return Reflect.apply(original, this, args);
      } finally {
        setMerging(false);
      }
    };
  }

  #watchConfig(config: unknown): void {
    const formatter = propertyOf(config, "errorFormatter");
    if (typeof formatter !== "function") return;
    const onError = this.#onError;
    const watched: Method = function (...args) {
      const error = propertyOf(args[0], "error");
      const unit = activeRpcRecorder();
      if (unit !== undefined && typeof error === "object" && error !== null) onError(unit, error);
      return Reflect.apply(formatter, this, args);
    };
    const replacement = copyFunctionProperties(watched, formatter);
    let current: unknown = formatter;
    // A frozen one is left as it is.
    Reflect.defineProperty(config as Config, "errorFormatter", {
      configurable: true,
      enumerable: true,
      get: () =>
        current !== formatter || this.#isMerging || activeRpcRecorder() === undefined
          ? current
          : replacement,
      set: (value: unknown) => {
        current = value;
      },
    });
  }
}
