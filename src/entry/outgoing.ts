import type { TextMapSetter } from "@opentelemetry/api";
import { isSuppressed } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import type { Origin, OutgoingCall, OutgoingCalls } from "../context/outgoing.ts";
import type { Carried } from "../context/work.ts";
import { ClientCall, type ClientServices, isCancellation } from "./client-call.ts";
import { targetOf } from "./url.ts";

/** Calls of clients that no channel of Node's tells of. */
export function createOutgoingCalls(services: ClientServices): OutgoingCalls {
  return {
    begin(method) {
      const context = activeContext();
      if (isSuppressed(context)) return undefined;
      return guarded(services, () => new Call(services, new ClientCall(services, context, method)));
    },
  };
}

function guarded<R>(services: ClientServices, work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    services.onFault(error);
    return undefined;
  }
}

class Call implements OutgoingCall {
  readonly carried: Carried = {};
  readonly #services: ClientServices;
  readonly #call: ClientCall;

  constructor(services: ClientServices, call: ClientCall) {
    this.#services = services;
    this.#call = call;
    services.propagator.inject(services.contextOf(call.span), this.carried, setter);
  }

  describe(origin: () => Origin | undefined): void {
    this.#call.source = () => {
      const found = origin();
      return found && targetOf(found.origin, found.path);
    };
  }

  answered(statusCode: number, version: string, isUnread: (() => boolean) | undefined): void {
    guarded(this.#services, () => {
      this.#call.answered(statusCode, version);
      if (isUnread === undefined) this.#call.end();
      else this.#call.awaitBody(isUnread);
    });
  }

  fail(error: Error): void {
    guarded(this.#services, () => {
      if (isCancellation(error)) this.#call.end();
      else this.#call.fail(error);
    });
  }

  end(): void {
    guarded(this.#services, () => this.#call.end());
  }
}

const setter: TextMapSetter<unknown> = {
  set: (carried, name, value) => {
    (carried as Record<string, string>)[name.toLowerCase()] = value;
  },
};
