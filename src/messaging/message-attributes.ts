import type { Attributes } from "@opentelemetry/api";
import type { MessageOperation } from "../context/messaging.ts";

/** Returns the attributes that a message's span and metrics share: system, destination, operation, broker. */
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
