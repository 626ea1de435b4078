import { types } from "node:util";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/**
 * Nest 10 to 12. Its routes are those of the Express or Fastify below it; but
 * what handlers, guards, pipes and interceptors throw, Nest answers itself, by
 * the app's exception filters or its own. What breaks server-sent events it
 * only tells the client.
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

/** Since Nest 11 the observable may be promised. */
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

/** The same observable, of whose error the request hears as Nest's own operators do. */
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
