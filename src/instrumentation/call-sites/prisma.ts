import { runWithContext } from "../../context/manager.ts";
import type { CallRecorder } from "../../development/call-recorder.ts";
import type { Adaptor } from "../loading/adaptor.ts";
import { copyFunctionProperties, replaceMethod } from "../loading/replace-method.ts";

/**
 * Passes on where the app calls a method of Prisma's client, which runs the query later and
 * together with others. Prisma itself captures a stack for its error messages, except under
 * `NODE_ENV=production`.
 */
export const adaptor: Adaptor = {
  patch(exports, { format }, { viewerCalls: recorder }) {
    const runtime = exports as Runtime;
    const { getPrismaClient } = runtime;
    if (recorder === undefined || typeof getPrismaClient !== "function") return exports;
    const replacement = copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
      const client = Reflect.apply(getPrismaClient, this, args) as ClientClass;
      patchRequest(client.prototype, recorder);
      return client;
    }, getPrismaClient);
    if (format === "module") {
      runtime.getPrismaClient = replacement;
      return exports;
    }
    // Its exports are getters that can't be redefined.
    const { getPrismaClient: _, ...others } = Object.getOwnPropertyDescriptors(runtime);
    return Object.defineProperties({ getPrismaClient: replacement }, others);
  },
};

interface Runtime {
  getPrismaClient?: (...args: unknown[]) => unknown;
}

interface ClientClass {
  readonly prototype: object;
}

/** Parameters of a query, of which one is where it was called. */
interface RequestParameters {
  readonly callsite?: { readonly _error?: { readonly stack?: unknown } };
}

function patchRequest(prototype: object, recorder: CallRecorder): void {
  if (!("_request" in prototype)) return;
  replaceMethod<object, [RequestParameters, ...unknown[]]>(
    prototype,
    "_request",
    (original) =>
      function _request(...args) {
        const stack = args[0]?.callsite?._error?.stack;
        const context =
          typeof stack === "string" ? recorder.contextOfStack(stack) : recorder.contextOfCaller();
        return runWithContext(context, () => Reflect.apply(original, this, args));
      },
  );
}
