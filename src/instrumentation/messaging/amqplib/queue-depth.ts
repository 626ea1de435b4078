import { createRequire } from "node:module";
import { join } from "node:path";
import type { Backlog } from "../../../context/messaging.ts";

export interface AmqpConnection {
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
}

/** A channel of the app's that a queue is consumed on. */
export interface ConsumingChannel {
  readonly connection: AmqpConnection;
  /** The callbacks of its consumers by their tags; a plain object before 0.6. */
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

/** More queues than one connection works with; each costs a question per collection. */
const MAX_CONSUMERS = 50;

/** Replies have queues that the server named, or none. */
const SERVER_NAMED = /^(?:$|amq\.)/;

/**
 * How many messages wait in the queues that this process consumes. The broker
 * says it to a client that declares the queue passively, on a channel of our own.
 *
 * Only while it is consumed: to declare a queue renews the lease of one that
 * expires when it is unused, by an argument or by a policy that a client does
 * not see, and a queue that is gone is an error in the broker's log. A queue with
 * a consumer is in use, and its end is told to the consumer.
 * https://www.rabbitmq.com/docs/ttl#queue-ttl
 */
export class AmqpQueueDepth {
  readonly #directory: string;
  readonly #consumers = new Set<Consumer>();
  readonly #watchedChannels = new WeakSet<ConsumingChannel>();
  readonly #channels = new WeakMap<AmqpConnection, Promise<DepthChannel>>();
  #currentCount: Promise<readonly Backlog[]> | undefined = undefined;

  /** @param directory of the copy of amqplib. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param callback as the channel has it among its consumers, as long as it consumes */
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

  /** One question at a time: a broker that doesn't answer is not asked again meanwhile. */
  count(): Promise<readonly Backlog[]> {
    this.#currentCount ??= this.#countAll().finally(() => {
      this.#currentCount = undefined;
    });
    return this.#currentCount;
  }

  #removeConsumers(isOver: (consumer: Consumer) => boolean): void {
    for (const consumer of this.#consumers) if (isOver(consumer)) this.#consumers.delete(consumer);
  }

  async #countAll(): Promise<Backlog[]> {
    const found = new Map<string, Backlog>();
    for (const consumer of this.#consumers) {
      const { channel, queue } = consumer;
      if (found.has(queue) || !isConsuming(consumer)) continue;
      const backlog = await this.#queryDepth(channel.connection, queue);
      if (backlog === undefined) this.#consumers.delete(consumer);
      else found.set(queue, backlog);
    }
    return [...found.values()];
  }

  async #queryDepth(connection: AmqpConnection, queue: string): Promise<Backlog | undefined> {
    try {
      const channel = await this.#channelOn(connection);
      const { messageCount: waiting } = await channel.checkQueue(queue);
      return { system: "rabbitmq", destination: queue, sizes: { waiting } };
    } catch {
      // The queue is gone, or the connection.
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
    // By its path: newer versions have `exports`, and an app of callbacks has not loaded it.
    const path = join(this.#directory, "lib", "channel_model.js");
    const { Channel } = require(path) as { readonly Channel: ChannelClass };
    const channel = new Channel(connection);
    channel.setOptions?.({});
    // Without a listener this would be an error that nobody handles.
    channel.on("error", () => {});
    await channel.open();
    return channel;
  }
}

/** Not before the broker has agreed, nor after either side has cancelled. */
function isConsuming({ channel: { consumers }, callback }: Consumer): boolean {
  if (consumers === undefined) return false;
  const callbacks = consumers instanceof Map ? consumers.values() : Object.values(consumers);
  for (const one of callbacks) if (one === callback) return true;
  return false;
}
