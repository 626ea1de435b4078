import { createRequire } from "node:module";
import { join } from "node:path";
import type { Backlog } from "../../../context/messaging.ts";

export interface AmqpConnection {
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
}

/** A channel of the app on which a queue is consumed. */
export interface ConsumingChannel {
  readonly connection: AmqpConnection;
  /** Callbacks of the consumers by tag; a plain object before 0.6. */
  readonly consumers?: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>;
  once(event: "close", listener: () => void): unknown;
}

interface DepthChannel {
  setOptions?(options: object): void;
  open(): Promise<unknown>;
  checkQueue(queue: string): Promise<{ readonly messageCount: number }>;
  on(event: string, listener: () => void): unknown;
}

type ChannelClass = new (connection: AmqpConnection) => DepthChannel;

interface Consumer {
  readonly channel: ConsumingChannel;
  readonly queue: string;
  readonly callback: unknown;
}

/** Above the number of queues that one connection usually consumes; each costs a request per collection. */
const MAX_CONSUMERS = 50;

/** Queues of replies: named by the server, or without a name. */
const SERVER_NAMED = /^(?:$|amq\.)/;

/**
 * Counts the messages ready in the queues that this process consumes, by passive
 * declarations on a separate channel.
 *
 * Only queues with a consumer are counted. A declaration renews the lease of a
 * queue that expires when unused (by an argument, or by a policy that a client
 * does not see), and a deleted queue is an error in the broker's log. A queue with
 * a consumer is in use, and its consumer is notified when it is deleted. Only a request
 * that crosses this notification reaches a deleted queue.
 * https://www.rabbitmq.com/docs/ttl#queue-ttl
 */
export class AmqpQueueDepth {
  readonly #directory: string;
  readonly #consumers = new Set<Consumer>();
  readonly #watchedChannels = new WeakSet<ConsumingChannel>();
  readonly #channels = new WeakMap<AmqpConnection, Promise<DepthChannel>>();
  #currentCount: Promise<readonly Backlog[]> | undefined = undefined;

  /** @param directory the folder of this copy of amqplib */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param callback the function in the channel's `consumers` while the queue is consumed */
  watch(channel: ConsumingChannel, queue: string, callback: unknown): void {
    if (SERVER_NAMED.test(queue)) return;
    if (this.#consumers.size >= MAX_CONSUMERS)
      this.#removeConsumers((consumer) => !isConsuming(consumer));
    if (this.#consumers.size >= MAX_CONSUMERS) return;
    this.#consumers.add({ channel, queue, callback });
    if (this.#watchedChannels.has(channel)) return;
    this.#watchedChannels.add(channel);
    // A closed channel keeps its callbacks.
    channel.once("close", () => this.#removeConsumers((consumer) => consumer.channel === channel));
  }

  /** Counts once at a time: a slow broker gets no second request while the first is pending. */
  count(): Promise<readonly Backlog[]> {
    this.#currentCount ??= this.#countAll().finally(() => {
      this.#currentCount = undefined;
    });
    return this.#currentCount;
  }

  #removeConsumers(isDone: (consumer: Consumer) => boolean): void {
    for (const consumer of this.#consumers) if (isDone(consumer)) this.#consumers.delete(consumer);
  }

  async #countAll(): Promise<Backlog[]> {
    const found = new Map<string, Backlog>();
    for (const consumer of this.#consumers) {
      const { queue } = consumer;
      if (found.has(queue) || !isConsuming(consumer)) continue;
      const backlog = await this.#queryDepth(consumer);
      if (backlog === undefined) this.#consumers.delete(consumer);
      else found.set(queue, backlog);
    }
    return [...found.values()];
  }

  async #queryDepth(consumer: Consumer): Promise<Backlog | undefined> {
    const { queue } = consumer;
    const { connection } = consumer.channel;
    try {
      const channel = await this.#channelOn(connection);
      // The queue may have been deleted while the channel was opened.
      if (!isConsuming(consumer)) return undefined;
      const { messageCount: waiting } = await channel.checkQueue(queue);
      return { system: "rabbitmq", destination: queue, sizes: { waiting } };
    } catch {
      // The queue was deleted, or the connection is closed.
      this.#channels.delete(connection);
      return undefined;
    }
  }

  #channelOn(connection: AmqpConnection): Promise<DepthChannel> {
    const known = this.#channels.get(connection);
    if (known !== undefined) return known;
    const opened = this.#open(connection);
    this.#channels.set(connection, opened);
    return opened;
  }

  async #open(connection: AmqpConnection): Promise<DepthChannel> {
    const require = createRequire(join(this.#directory, "package.json"));
    // By path: newer versions have `exports`, and apps with callbacks have not loaded this file.
    const path = join(this.#directory, "lib", "channel_model.js");
    const { Channel } = require(path) as { readonly Channel: ChannelClass };
    const channel = new Channel(connection);
    channel.setOptions?.({});
    // Without a listener the error would be uncaught.
    channel.on("error", () => {});
    await channel.open();
    return channel;
  }
}

/** True from the broker's confirmation until either side cancels the consumer. */
function isConsuming({ channel: { consumers }, callback }: Consumer): boolean {
  if (consumers === undefined) return false;
  const callbacks = consumers instanceof Map ? consumers.values() : Object.values(consumers);
  for (const one of callbacks) if (one === callback) return true;
  return false;
}
