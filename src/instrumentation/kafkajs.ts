import type { Carried, Delivery, Lag, WorkEntrance } from "../context/work.ts";
import { attend } from "../context/attend.ts";
import { runIn } from "../context/manager.ts";
import type { Adaptor } from "./adaptor.ts";
import { KafkaLag, type LagConsumer } from "./kafkajs-lag.ts";
import { replaceMethod } from "./method.ts";

/**
 * kafkajs 2. Producers and consumers are plain objects, made by `new Kafka()`:
 * each gets its methods replaced when it is made. `send` is one span for all its
 * messages, which all carry it; `eachMessage` is a unit of work for each message,
 * `eachBatch` one for each batch, linked to what its messages carry.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, services) {
    const { Kafka } = exports as { readonly Kafka: { readonly prototype: object } };
    const entrance = services.work();
    const watchLag = lagOf(entrance);
    replaceMethod(Kafka.prototype, "producer", (original) => {
      return function producer(...args: unknown[]) {
        return withSpans(Reflect.apply(original, this, args) as Producer, entrance);
      };
    });
    replaceMethod<unknown, [{ readonly groupId?: string }?]>(
      Kafka.prototype,
      "consumer",
      (original) => {
        return function consumer(options) {
          const made = Reflect.apply(original, this, [options]) as Consumer;
          const group = options?.groupId ?? "";
          watchLag(made, group);
          return withWork(made, group, entrance);
        };
      },
    );
    return exports;
  },
};

const SYSTEM = "kafka";

interface Message {
  readonly key?: Uint8Array | string | null;
  readonly value?: unknown;
  readonly offset?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly Message[];
}

interface Producer {
  send(record: TopicMessages): Promise<unknown>;
  sendBatch(batch: { readonly topicMessages?: readonly TopicMessages[] }): Promise<unknown>;
  transaction?(options?: unknown): Promise<Producer>;
}

function withSpans(producer: Producer, entrance: WorkEntrance): Producer {
  const { send, sendBatch, transaction } = producer;
  producer.send = function (record) {
    if (!hasMessages(record)) return send.call(this, record);
    return sendAll(entrance, record.topic, [record], ([changed]) =>
      send.call(this, { ...record, ...changed }),
    );
  };
  producer.sendBatch = function (batch) {
    const { topicMessages } = batch ?? {};
    if (!Array.isArray(topicMessages) || !topicMessages.every(hasMessages)) {
      return sendBatch.call(this, batch);
    }
    const topics = new Set(topicMessages.map(({ topic }) => topic));
    const topic = topics.size === 1 ? (topicMessages[0]?.topic ?? "") : "";
    return sendAll(entrance, topic, topicMessages, (changed) =>
      sendBatch.call(this, { ...batch, topicMessages: changed }),
    );
  };
  if (transaction !== undefined) {
    producer.transaction = async function (...args) {
      return withSpans(await transaction.apply(this, args), entrance);
    };
  }
  return producer;
}

/** What isn't is left to kafkajs, which says what is wrong with it. */
function hasMessages(record: unknown): record is TopicMessages {
  const { topic, messages } = (record ?? {}) as Partial<TopicMessages>;
  return (
    typeof topic === "string" &&
    Array.isArray(messages) &&
    messages.every((message) => typeof message === "object" && message !== null)
  );
}

/** The app's objects stay as they are: it may send them again. */
async function sendAll(
  entrance: WorkEntrance,
  topic: string,
  records: readonly TopicMessages[],
  send: (records: readonly TopicMessages[]) => Promise<unknown>,
): Promise<unknown> {
  const count = records.reduce((sum, { messages }) => sum + messages.length, 0);
  const sending = entrance.send({
    system: SYSTEM,
    destination: topic,
    operation: "send",
    ...(count !== 1 && { count }),
  });
  if (sending === undefined) return send(records);
  try {
    const carrying = records.map((record) => withHeaders(record, sending.carried));
    const result = await runIn(sending.context, () => send(carrying));
    sending.end();
    return result;
  } catch (error) {
    sending.end(error);
    throw error;
  }
}

function withHeaders(record: TopicMessages, carried: Carried): TopicMessages {
  const messages = record.messages.map((message) => ({
    ...message,
    headers: { ...message.headers, ...carried },
  }));
  return { ...record, messages };
}

interface EachMessage {
  readonly topic: string;
  readonly partition: number;
  readonly message: Message;
}

interface EachBatch {
  readonly batch: TopicMessages & { readonly partition: number };
}

interface RunOptions {
  readonly eachMessage?: (payload: EachMessage) => Promise<void>;
  readonly eachBatch?: (payload: EachBatch) => Promise<void>;
}

interface Consumer extends LagConsumer {
  run(options?: RunOptions): Promise<void>;
}

function withWork(consumer: Consumer, group: string, entrance: WorkEntrance): Consumer {
  const { run } = consumer;
  const attempts = new Attempts();
  consumer.run = function (options) {
    const { eachMessage, eachBatch } = options ?? {};
    return run.call(this, {
      ...options,
      ...(typeof eachMessage === "function" && {
        eachMessage: (payload: EachMessage) => {
          const work = entrance.begin(deliveryOf(payload, group, attempts));
          const call = (): Promise<void> => eachMessage(payload);
          return work === undefined ? call() : attend(work, call, { caller: "awaits" });
        },
      }),
      ...(typeof eachBatch === "function" && {
        eachBatch: (payload: EachBatch) => {
          const work = entrance.begin(batchOf(payload, group, attempts));
          const call = (): Promise<void> => eachBatch(payload);
          return work === undefined ? call() : attend(work, call, { caller: "awaits" });
        },
      }),
    });
  };
  return consumer;
}

function deliveryOf(
  { topic, partition, message }: EachMessage,
  group: string,
  attempts: Attempts,
): Delivery {
  const { offset = "", key } = message;
  return {
    system: SYSTEM,
    destination: topic,
    operation: "process",
    carried: [carriedBy(message)],
    group,
    attributes: {
      "messaging.destination.partition.id": String(partition),
      "messaging.kafka.offset": Number(offset),
      ...(key !== undefined && key !== null && { "messaging.kafka.message.key": textOf(key) }),
      ...(message.value === null && { "messaging.kafka.message.tombstone": true }),
    },
    job: {
      name: topic,
      id: `${topic}/${partition}/${offset}`,
      queue: topic,
      attempt: attempts.count(topic, partition, offset),
    },
  };
}

function batchOf({ batch }: EachBatch, group: string, attempts: Attempts): Delivery {
  const { topic, partition, messages } = batch;
  const offset = messages[0]?.offset ?? "";
  return {
    system: SYSTEM,
    destination: topic,
    operation: "process",
    count: messages.length,
    carried: messages.slice(0, MOST_LINKS).map(carriedBy),
    group,
    attributes: { "messaging.destination.partition.id": String(partition) },
    job: {
      name: topic,
      id: `${topic}/${partition}/${offset}`,
      queue: topic,
      attempt: attempts.count(topic, partition, offset),
    },
  };
}

/** What a span holds by default. */
const MOST_LINKS = 128;

/** Of the headers only texts of a sensible length: trace context is one. */
function carriedBy({ headers = {} }: Message): Carried {
  const carried: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = textOf(value);
    if (text !== undefined) carried[name.toLowerCase()] = text;
  }
  return carried;
}

const MAX_HEADER = 8192;

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array) || value.length > MAX_HEADER) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
}

/** A message that failed is fetched again, as often as it takes: counted by this consumer. */
class Attempts {
  readonly #last = new Map<string, { offset: string; count: number }>();

  count(topic: string, partition: number, offset: string): number {
    const key = `${topic}/${partition}`;
    const last = this.#last.get(key);
    if (last?.offset === offset) return ++last.count;
    this.#last.set(key, { offset, count: 1 });
    return 1;
  }
}

function lagOf(entrance: WorkEntrance): (consumer: LagConsumer, group: string) => void {
  const lags = new Set<KafkaLag>();
  let isWatched = false;
  return (consumer, group) => {
    const lag = new KafkaLag(consumer, group, () => lags.delete(lag));
    lag.start(() => lags.add(lag));
    if (isWatched) return;
    isWatched = true;
    entrance.watchLag((): Lag[] => [...lags].flatMap((one) => one.now()));
  };
}
