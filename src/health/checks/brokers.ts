import type { HealthCheckFunction } from "../../api.ts";
import { type Target, targetOf } from "./target.ts";

/** A connection of `amqplib` (its promise API). */
export interface AmqpConnection {
  createChannel(): Promise<{ close(): Promise<void> }>;
}

/** An `Admin` of `kafkajs`, connected by the app. */
export interface KafkaAdmin {
  describeCluster(): Promise<unknown>;
}

/**
 * Checks RabbitMQ by opening and closing a channel. The library does not reconnect, so pass a
 * function that returns the current connection: `checks.amqplib(() => connection)`.
 */
export function amqplib(connection: Target<AmqpConnection>): HealthCheckFunction {
  return async () => {
    const channel = await targetOf(connection).createChannel();
    await channel.close();
  };
}

/** Checks Kafka by asking for its brokers. The admin client retries by itself, so its time limit should be some seconds. */
export function kafkajs(admin: Target<KafkaAdmin>): HealthCheckFunction {
  return async () => void (await targetOf(admin).describeCluster());
}
