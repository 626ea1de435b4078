import type { Broker, ReceivedMessage } from "../../../context/messaging.ts";
import { propagationHeadersOf } from "../propagation-headers.ts";
import type { AmqpConnection, ConsumingChannel } from "./queue-depth.ts";

/** `messaging.system`. */
export const SYSTEM = "rabbitmq";

export interface Properties {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly messageId?: unknown;
  readonly correlationId?: unknown;
  readonly type?: unknown;
}

export interface Message {
  readonly fields: {
    readonly deliveryTag: number;
    readonly redelivered?: boolean;
    readonly exchange?: string;
    readonly routingKey?: string;
  };
  readonly properties: Properties;
}

export function receivedMessageOf(
  { connection }: ConsumingChannel,
  queue: string,
  { fields, properties }: Message,
): ReceivedMessage {
  const { exchange, routingKey, deliveryTag, redelivered } = fields;
  const { messageId, correlationId, type, headers = {} } = properties;
  const id = typeof messageId === "string" ? messageId : undefined;
  return {
    system: SYSTEM,
    destination: queue,
    operation: "process",
    propagationHeaders: [propagationHeadersOf(Object.entries(headers))],
    messageId: id,
    broker: brokerOf(connection),
    attributes: {
      "messaging.destination.name": destinationName(exchange, routingKey, queue),
      "messaging.rabbitmq.message.delivery_tag": deliveryTag,
      ...(routingKey && { "messaging.rabbitmq.destination.routing_key": routingKey }),
      ...(typeof correlationId === "string" && {
        "messaging.message.conversation_id": correlationId,
      }),
    },
    job: {
      name: typeof type === "string" && type !== "" ? type : queue,
      id: id ?? (typeof correlationId === "string" ? correlationId : `delivery ${deliveryTag}`),
      queue,
      attempt: attemptOf(headers, redelivered === true),
    },
  };
}

/**
 * Quorum queues count deliveries, and dead-lettering counts its rounds
 * (https://www.rabbitmq.com/docs/dlx). All other queues only report whether the
 * message was delivered before.
 */
function attemptOf(headers: Readonly<Record<string, unknown>>, redelivered: boolean): number {
  const { "x-delivery-count": deliveries, "x-death": deadLetters } = headers;
  const rounds = Array.isArray(deadLetters)
    ? Number((deadLetters[0] as { readonly count?: unknown } | undefined)?.count ?? 0)
    : 0;
  const before = typeof deliveries === "number" ? deliveries : redelivered ? 1 : 0;
  return before + rounds + 1;
}

export function destinationName(...parts: (string | undefined)[]): string {
  return [...new Set(parts.filter(Boolean))].join(":") || "amq.default";
}

export function brokerOf({ stream }: AmqpConnection): Broker | undefined {
  if (stream?.remoteAddress === undefined) return undefined;
  const { remoteAddress: address, remotePort: port } = stream;
  return port === undefined ? { address } : { address, port };
}
