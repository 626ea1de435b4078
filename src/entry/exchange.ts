import type { Attributes } from "@opentelemetry/api";
import type { Exchange } from "../context/work.ts";

/** What spans and metrics of a message have in common: which broker, where to, and what is done. */
export function exchangeAttributes(exchange: Exchange): Attributes {
  const { system, operation, destination, broker } = exchange;
  return {
    "messaging.system": system,
    "messaging.operation.name": operation,
    ...(destination !== "" && { "messaging.destination.name": destination }),
    ...(broker !== undefined && { "server.address": broker.address }),
    ...(broker?.port !== undefined && { "server.port": broker.port }),
  };
}
