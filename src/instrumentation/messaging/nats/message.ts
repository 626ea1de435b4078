import type { Broker, ReceivedMessage } from "../../../context/messaging.ts";
import { destinationTemplate } from "../destination-template.ts";
import { propagationHeadersOf } from "../propagation-headers.ts";

/** `messaging.system`. */
export const SYSTEM = "nats";

export interface ConnectionLike {
  readonly options?: { readonly inboxPrefix?: string };
  readonly protocol?: {
    readonly info?: { readonly headers?: boolean };
    readonly server?: { readonly hostname?: string; readonly port?: number };
  };
}

/** `MsgHdrs`: an iterable of names with all their values. */
export interface Headers extends Iterable<[string, string[]]> {
  set(name: string, value: string): void;
  append(name: string, value: string): void;
}

/** A message of a core subscription or of JetStream. */
export interface Message {
  readonly subject: string;
  readonly headers?: Headers | undefined;
  /** Only of JetStream. */
  readonly info?: {
    readonly stream: string;
    readonly consumer: string;
    readonly streamSequence: number;
    /** Number of deliveries, including this one. */
    readonly deliveryCount?: number;
    /** The same number in `nats` 2. */
    readonly redeliveryCount?: number;
  };
}

export function receivedMessageOf(
  message: Message,
  subscription: string,
  group: string | undefined,
  broker: Broker | undefined,
): ReceivedMessage {
  const { subject, headers, info } = message;
  const id = info && `${info.stream}:${info.streamSequence}`;
  const destination = subscription === "" ? destinationTemplate(subject) : subscription;
  return {
    system: SYSTEM,
    destination,
    operation: "process",
    propagationHeaders: [propagationHeadersOf(firstValues(headers))],
    group: info?.consumer ?? group,
    messageId: id,
    broker,
    ...(destination !== subject && {
      attributes: {
        "messaging.destination.name": subject,
        "messaging.destination.template": destination,
      },
    }),
    job: {
      name: destination,
      id,
      queue: info?.stream ?? subject,
      attempt: info && (info.deliveryCount ?? info.redeliveryCount),
    },
  };
}

function firstValues(headers: Headers | undefined): [name: string, value: unknown][] {
  return Array.from(headers ?? [], ([name, [value]]) => [name, value]);
}

/** Whether a subject belongs to the client itself. */
export function isInternal({ options }: ConnectionLike, subject: unknown): boolean {
  if (typeof subject !== "string" || subject.startsWith("$")) return true;
  return subject.startsWith(`${options?.inboxPrefix ?? "_INBOX"}.`);
}

export function brokerOf({ protocol }: ConnectionLike): Broker | undefined {
  const { hostname, port } = protocol?.server ?? {};
  if (hostname === undefined) return undefined;
  return port === undefined ? { address: hostname } : { address: hostname, port };
}
