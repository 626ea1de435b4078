import type {
  MessagingInstrumenter,
  ProducerOperation,
  PropagationHeaders,
} from "../../../context/messaging.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { destinationTemplate } from "../destination-template.ts";
import { runOpenSend, runSend } from "../run-send.ts";
import { brokerOf, destinationName, type Properties, SYSTEM } from "./message.ts";
import type { ConsumingChannel } from "./queue-depth.ts";

type PublishArgs = [
  exchange: string,
  routingKey: string,
  content: unknown,
  options?: Properties | undefined,
  ...rest: unknown[],
];

/** The operation of a confirm channel whose `publish` calls that of its superclass. */
interface PublishState {
  confirming: ProducerOperation | undefined;
}

/** Patches `publish` of a channel class and of its subclass with confirms. */
export function patchPublish(
  channel: object,
  confirmChannel: object,
  instrumenter: MessagingInstrumenter,
): void {
  const state: PublishState = { confirming: undefined };
  replacePublish(channel, state, instrumenter);
  replaceConfirmedPublish(confirmChannel, state, instrumenter);
}

function replacePublish(
  prototype: object,
  state: PublishState,
  instrumenter: MessagingInstrumenter,
): void {
  replaceMethod<ConsumingChannel, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const { confirming } = state;
      state.confirming = undefined;
      if (confirming !== undefined) {
        return Reflect.apply(original, this, withHeaders(args, confirming.propagationHeaders));
      }
      const operation = startPublish(this, args, instrumenter);
      if (operation === undefined) return Reflect.apply(original, this, args);
      return runSend(operation, () =>
        Reflect.apply(original, this, withHeaders(args, operation.propagationHeaders)),
      );
    };
  });
}

/** The operation lasts until the broker has confirmed the message. */
function replaceConfirmedPublish(
  prototype: object,
  state: PublishState,
  instrumenter: MessagingInstrumenter,
): void {
  replaceMethod<ConsumingChannel, PublishArgs>(prototype, "publish", (original) => {
    return function publish(...args) {
      const operation = startPublish(this, args, instrumenter);
      if (operation === undefined) return Reflect.apply(original, this, args);
      const [exchange, routingKey, content, options, callback] = args;
      const onConfirm = (error: unknown, ...rest: unknown[]): void => {
        operation.end(error ?? undefined);
        if (typeof callback === "function") Reflect.apply(callback, undefined, [error, ...rest]);
      };
      return runOpenSend(operation, () => {
        state.confirming = operation;
        try {
          const changed: PublishArgs = [exchange, routingKey, content, options, onConfirm];
          return Reflect.apply(original, this, changed);
        } finally {
          state.confirming = undefined;
        }
      });
    };
  });
}

/** Returns undefined where nothing is traced, and for arguments that amqplib rejects. */
function startPublish(
  { connection }: ConsumingChannel,
  [exchange, routingKey, , options]: PublishArgs,
  instrumenter: MessagingInstrumenter,
): ProducerOperation | undefined {
  if (typeof exchange !== "string" || typeof routingKey !== "string") return undefined;
  const { messageId, correlationId } = options ?? {};
  return instrumenter.startSend({
    system: SYSTEM,
    // https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/: exchange and routing key.
    destination: destinationName(exchange, destinationTemplate(routingKey)),
    operation: "publish",
    broker: brokerOf(connection),
    messageId: typeof messageId === "string" ? messageId : undefined,
    attributes: {
      "messaging.destination.name": destinationName(exchange, routingKey),
      ...(routingKey !== "" && { "messaging.rabbitmq.destination.routing_key": routingKey }),
      ...(typeof correlationId === "string" && {
        "messaging.message.conversation_id": correlationId,
      }),
    },
  });
}

/** Copies the app's options, which it may use again. */
function withHeaders(args: PublishArgs, propagationHeaders: PropagationHeaders): PublishArgs {
  const [exchange, routingKey, content, options, ...rest] = args;
  const headers = { ...options?.headers, ...propagationHeaders };
  return [exchange, routingKey, content, { ...options, headers }, ...rest];
}
