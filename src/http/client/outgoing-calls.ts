import { isTracingSuppressed } from "../../context/context.ts";
import { activeContext } from "../../context/manager.ts";
import type { OutgoingTarget, OutgoingCall, OutgoingCalls } from "../../context/outgoing.ts";
import type { PropagationHeaders } from "../../context/messaging.ts";
import { propagationHeaderSetter } from "../../context/propagation-header-setter.ts";
import { ClientCall, type HttpClientDeps, isCancellation } from "./client-call.ts";
import { guarded } from "./guarded.ts";
import { targetOf } from "../url.ts";

/** Creates the tracing of calls of clients without a diagnostics channel of Node. */
export function createOutgoingCalls(deps: HttpClientDeps): OutgoingCalls {
  return {
    start(method) {
      const context = activeContext();
      if (isTracingSuppressed(context)) return undefined;
      return guarded(deps, () => new HttpOutgoingCall(deps, new ClientCall(deps, context, method)));
    },
  };
}

class HttpOutgoingCall implements OutgoingCall {
  readonly propagationHeaders: PropagationHeaders = {};
  readonly #deps: HttpClientDeps;
  readonly #call: ClientCall;

  constructor(deps: HttpClientDeps, call: ClientCall) {
    this.#deps = deps;
    this.#call = call;
    deps.propagator.inject(
      deps.contextWithSpan(call.span),
      this.propagationHeaders,
      propagationHeaderSetter,
    );
  }

  setTarget(target: () => OutgoingTarget | undefined): void {
    this.#call.resolveTarget = () => {
      const found = target();
      return found && targetOf(found.origin, found.path);
    };
  }

  setResponse(statusCode: number, version: string, isUnread: (() => boolean) | undefined): void {
    guarded(this.#deps, () => {
      this.#call.setResponse(statusCode, version);
      if (isUnread === undefined) this.#call.end();
      else this.#call.awaitBody(isUnread);
    });
  }

  fail(error: Error): void {
    guarded(this.#deps, () => {
      if (isCancellation(error)) this.#call.end();
      else this.#call.fail(error);
    });
  }

  end(): void {
    guarded(this.#deps, () => this.#call.end());
  }
}
