import type { MessagingInstrumenter, UnitOfWorkHandle } from "../../../context/messaging.ts";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { type Message, receivedMessageOf } from "./message.ts";
import { runningMethod } from "./publish-state.ts";

/** JetStream's `publish` is a request: the response is the acknowledgement of the stream. */
export function patchJetStreamPublish(prototype: object): void {
  replaceMethod<object, unknown[]>(prototype, "publish", (original) => {
    return function publish(...args) {
      return runningMethod.run("jetstream publish", () => Reflect.apply(original, this, args));
    };
  });
}

/** Units of work of JetStream messages, by message. */
const unitByMessage = new WeakMap<object, UnitOfWorkHandle>();

export function startJetStreamProcess(
  message: Message,
  instrumenter: MessagingInstrumenter,
): UnitOfWorkHandle | undefined {
  const unit = instrumenter.startProcess(receivedMessageOf(message, "", undefined, undefined));
  if (unit !== undefined) unitByMessage.set(message, unit);
  return unit;
}

/** Patches the methods that reject a message: its unit of work then fails. */
export function patchSettlements(prototype: object): void {
  for (const name of ["nak", "term"]) {
    replaceMethod<object, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        unitByMessage.get(this)?.fail({ error: undefined, type: name });
        return Reflect.apply(original, this, args);
      };
    });
  }
}

type ConsumeOptions = { readonly callback?: (message: Message) => unknown } | undefined;

/** Traces consumers with a callback; the others deliver by an iterator. */
export function patchConsumer(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<object, [ConsumeOptions, ...unknown[]]>(prototype, "consume", (original) => {
    return function consume(...args) {
      const [options, ...rest] = args;
      const callback = options?.callback;
      if (typeof callback !== "function") return Reflect.apply(original, this, args);
      const wrapped = (message: Message): unknown => {
        const call = (): unknown => callback(message);
        const unit = startJetStreamProcess(message, instrumenter);
        return unit === undefined ? call() : runUnitOfWork(unit, call, { caller: "catches" });
      };
      return Reflect.apply(original, this, [{ ...options, callback: wrapped }, ...rest]);
    };
  });
}
