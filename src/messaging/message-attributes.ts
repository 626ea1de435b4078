import type { Attributes } from "@opentelemetry/api";
import type { MessageOperation } from "../context/messaging.ts";

/** What spans and metrics of a message have in common: which broker, where to, and what is done. */
export function messageOperationAttributes(messageOperation: MessageOperation): Attributes {
  const { system, operation, destination, broker } = messageOperation;
  return {
    "messaging.system": system,
    "messaging.operation.name": operation,
    ...(destination !== "" && { "messaging.destination.name": destination }),
    ...(broker !== undefined && { "server.address": broker.address }),
    ...(broker?.port !== undefined && { "server.port": broker.port }),
  };
}
