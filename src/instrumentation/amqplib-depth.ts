import { createRequire } from "node:module";
import { join } from "node:path";
import type { Backlog } from "../context/work.ts";
import type { Connection } from "./amqplib.ts";

interface DepthChannel {
  setOptions?(options: object): void;
  open(): Promise<unknown>;
  checkQueue(queue: string): Promise<{ readonly messageCount: number }>;
  on(event: string, listener: () => void): unknown;
}

type ChannelClass = new (connection: Connection) => DepthChannel;

/** More queues than one connection works with; each costs a question per collection. */
const MOST_QUEUES = 50;

/**
 * How many messages wait in the queues that the app has named. The broker says
 * it to who declares a queue that is there, on a channel of our own: a queue that
 * is gone by then closes the channel it was asked for on.
 */
export class AmqpDepth {
  readonly #directory: string;
  readonly #queues = new Map<Connection, Set<string>>();
  readonly #channels = new WeakMap<Connection, Promise<DepthChannel>>();
  #counting: Promise<readonly Backlog[]> | undefined = undefined;

  /** @param directory of the copy of amqplib. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  note(connection: Connection, queue: string): void {
    let queues = this.#queues.get(connection);
    if (queues === undefined) {
      queues = new Set();
      this.#queues.set(connection, queues);
      const forget = (): void => void this.#queues.delete(connection);
      (connection as { once?: (event: string, listener: () => void) => void }).once?.(
        "close",
        forget,
      );
    }
    if (queue !== "" && queues.size < MOST_QUEUES) queues.add(queue);
  }

  /** One question at a time: a broker that doesn't answer is not asked again meanwhile. */
  count(): Promise<readonly Backlog[]> {
    this.#counting ??= this.#countAll().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #countAll(): Promise<Backlog[]> {
    const found = new Map<string, Backlog>();
    for (const [connection, queues] of this.#queues) {
      for (const queue of queues) {
        if (found.has(queue)) continue;
        const backlog = await this.#ask(connection, queue);
        if (backlog === undefined) queues.delete(queue);
        else found.set(queue, backlog);
      }
    }
    return [...found.values()];
  }

  async #ask(connection: Connection, queue: string): Promise<Backlog | undefined> {
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

  #channelOn(connection: Connection): Promise<DepthChannel> {
    const known = this.#channels.get(connection);
    if (known !== undefined) return known;
    const opened = this.#open(connection);
    this.#channels.set(connection, opened);
    return opened;
  }

  async #open(connection: Connection): Promise<DepthChannel> {
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
