import { types } from "node:util";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/**
 * Records errors of Nest 10 to 12. Its routes are those of Express or Fastify, but
 * Nest itself responds to errors of handlers, guards, pipes and interceptors, by
 * the app's exception filters or its own. Errors in server-sent events are only
 * sent to the client.
 */
export const adaptor: Adaptor = {
  patch(exports, { file }) {
    if (file === "router/router-response-controller.js") {
      const { RouterResponseController } = exports as Responses;
      recordEventErrors(RouterResponseController.prototype);
      return exports;
    }
    const { ExceptionsHandler } = exports as {
      readonly ExceptionsHandler: { readonly prototype: object };
    };
    replaceMethod<unknown, unknown[]>(ExceptionsHandler.prototype, "next", (original) => {
      return function next(...args) {
        activeRouteRecorder()?.recordError(args[0]);
        return Reflect.apply(original, this, args);
      };
    });
    return exports;
  },
};

interface Responses {
  readonly RouterResponseController: { readonly prototype: object };
}

/** From Nest 11 on, `sse` also accepts a promise of an observable. */
function recordEventErrors(prototype: object): void {
  replaceMethod<unknown, unknown[]>(prototype, "sse", (original) => {
    return function sse(...args) {
      const [result] = args;
      const unit = activeRouteRecorder();
      if (unit !== undefined) {
        args[0] = types.isPromise(result)
          ? result.then((events) => recordingErrors(events, unit))
          : recordingErrors(result, unit);
      }
      return Reflect.apply(original, this, args);
    };
  });
}

interface Observer {
  error?: (this: unknown, error: unknown) => unknown;
}

interface Observable {
  readonly subscribe: (observer: Observer, ...rest: unknown[]) => unknown;
}

/** Returns the same observable, whose error is recorded when a subscriber receives it. */
function recordingErrors(events: unknown, unit: RouteRecorder): unknown {
  if (typeof (events as Partial<Observable> | null)?.subscribe !== "function") return events;
  const observable = events as Observable;
  const subscribe = (observer: Observer, ...rest: unknown[]): unknown => {
    const { error: onError } = observer;
    if (typeof onError === "function") {
      observer.error = function (error) {
        unit.recordFailure(error);
        return onError.call(this, error);
      };
    }
    return observable.subscribe(observer, ...rest);
  };
  return Object.create(observable, { subscribe: { value: subscribe } }) as unknown;
}
