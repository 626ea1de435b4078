import type { Attributes, Counter, UpDownCounter } from "@opentelemetry/api";
import type { AdaptorDeps } from "../loading/adaptor.ts";

/**
 * Metrics of open connections and their messages. The conventions have none for
 * these (only for SignalR's and Kestrel's connections, whose names serve as the model).
 */
export class SocketMetrics {
  readonly #connections: UpDownCounter;
  readonly #messages: Counter;

  /** @param scope the library's name at npm */
  constructor({ meterProvider }: AdaptorDeps, scope: string, version: string) {
    const meter = meterProvider.getMeter(scope, version);
    this.#connections = meter.createUpDownCounter("telltale.socket.active_connections", {
      description: "Number of open WebSocket and Socket.IO connections.",
      unit: "{connection}",
    });
    this.#messages = meter.createCounter("telltale.socket.messages", {
      description: "Number of messages received and sent over WebSocket and Socket.IO.",
      unit: "{message}",
    });
  }

  /** @param protocol `network.protocol.name` */
  countersFor(protocol: string, route: string | undefined): SocketCounters {
    const attributes: Attributes = {
      "network.protocol.name": protocol,
      ...(route !== undefined && { "http.route": route }),
    };
    const received = { ...attributes, "network.io.direction": "receive" };
    const sent = { ...attributes, "network.io.direction": "transmit" };
    return {
      opened: () => this.#connections.add(1, attributes),
      closed: () => this.#connections.add(-1, attributes),
      received: () => this.#messages.add(1, received),
      sent: () => this.#messages.add(1, sent),
    };
  }
}

/** Counters of all connections with the same attributes. */
export interface SocketCounters {
  opened(): void;
  closed(): void;
  received(): void;
  sent(): void;
}
