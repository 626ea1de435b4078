import type {
  ConsumerLag,
  MessagingInstrumenter,
  PropagationHeaders,
  ReceivedMessage,
} from "../../../context/messaging.ts";
import { runUnitOfWork } from "../../../context/run-unit.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { KafkaLag, type LagConsumer } from "./lag.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { propagationHeadersOf } from "../propagation-headers.ts";
import { runAsyncSend } from "../run-send.ts";

/**
 * kafkajs 2. Producers and consumers are plain objects, so their methods are
 * replaced as `new Kafka()` creates them. `send` is one span for all its messages,
 * which propagate it. `eachMessage` is a unit of work for each message, `eachBatch`
 * one for each batch, linked to the spans that its messages propagate.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const { Kafka } = exports as { readonly Kafka: { readonly prototype: object } };
    const instrumenter = deps.messaging();
    const watchLag = createLagWatcher(instrumenter);
    replaceMethod(Kafka.prototype, "producer", (original) => {
      return function producer(...args: unknown[]) {
        return traceProducer(Reflect.apply(original, this, args) as Producer, instrumenter);
      };
    });
    replaceMethod<unknown, [{ readonly groupId?: string }?]>(
      Kafka.prototype,
      "consumer",
      (original) => {
        return function consumer(options) {
          const created = Reflect.apply(original, this, [options]) as Consumer;
          const group = options?.groupId ?? "";
          watchLag(created, group);
          return traceConsumer(created, group, instrumenter);
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

function traceProducer(producer: Producer, instrumenter: MessagingInstrumenter): Producer {
  const { send, sendBatch, transaction } = producer;
  producer.send = function (record) {
    if (!hasMessages(record)) return send.call(this, record);
    return sendWithSpan(instrumenter, record.topic, [record], ([changed]) =>
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
    return sendWithSpan(instrumenter, topic, topicMessages, (changed) =>
      sendBatch.call(this, { ...batch, topicMessages: changed }),
    );
  };
  if (transaction !== undefined) {
    producer.transaction = async function (...args) {
      return traceProducer(await transaction.apply(this, args), instrumenter);
    };
  }
  return producer;
}

/** False for arguments that kafkajs rejects. */
function hasMessages(record: unknown): record is TopicMessages {
  const { topic, messages } = (record ?? {}) as Partial<TopicMessages>;
  return (
    typeof topic === "string" &&
    Array.isArray(messages) &&
    messages.every((message) => typeof message === "object" && message !== null)
  );
}

/** Copies the app's records, which it may send again. */
async function sendWithSpan(
  instrumenter: MessagingInstrumenter,
  topic: string,
  records: readonly TopicMessages[],
  send: (records: readonly TopicMessages[]) => Promise<unknown>,
): Promise<unknown> {
  const count = records.reduce((sum, { messages }) => sum + messages.length, 0);
  const producerOperation = instrumenter.startSend({
    system: SYSTEM,
    destination: topic,
    operation: "send",
    ...(count !== 1 && { count }),
  });
  if (producerOperation === undefined) return send(records);
  return runAsyncSend(producerOperation, () =>
    send(records.map((record) => withHeaders(record, producerOperation.propagationHeaders))),
  );
}

function withHeaders(record: TopicMessages, propagationHeaders: PropagationHeaders): TopicMessages {
  const messages = record.messages.map((message) => ({
    ...message,
    headers: { ...message.headers, ...propagationHeaders },
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

function traceConsumer(
  consumer: Consumer,
  group: string,
  instrumenter: MessagingInstrumenter,
): Consumer {
  const { run } = consumer;
  const attempts = new AttemptCounter();
  consumer.run = function (options) {
    const { eachMessage, eachBatch } = options ?? {};
    return run.call(this, {
      ...options,
      ...(typeof eachMessage === "function" && {
        eachMessage: (payload: EachMessage) => {
          const work = instrumenter.startProcess(receivedMessageOf(payload, group, attempts));
          const call = (): Promise<void> => eachMessage(payload);
          return work === undefined ? call() : runUnitOfWork(work, call, { caller: "awaits" });
        },
      }),
      ...(typeof eachBatch === "function" && {
        eachBatch: (payload: EachBatch) => {
          const work = instrumenter.startProcess(receivedBatchOf(payload, group, attempts));
          const call = (): Promise<void> => eachBatch(payload);
          return work === undefined ? call() : runUnitOfWork(work, call, { caller: "awaits" });
        },
      }),
    });
  };
  return consumer;
}

function receivedMessageOf(
  { topic, partition, message }: EachMessage,
  group: string,
  attempts: AttemptCounter,
): ReceivedMessage {
  const { offset = "", key } = message;
  return {
    system: SYSTEM,
    destination: topic,
    operation: "process",
    propagationHeaders: [headersOf(message)],
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

function receivedBatchOf(
  { batch }: EachBatch,
  group: string,
  attempts: AttemptCounter,
): ReceivedMessage {
  const { topic, partition, messages } = batch;
  const offset = messages[0]?.offset ?? "";
  return {
    system: SYSTEM,
    destination: topic,
    operation: "process",
    count: messages.length,
    propagationHeaders: messages.slice(0, MAX_LINKS).map(headersOf),
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

/** `OTEL_SPAN_LINK_COUNT_LIMIT` by default. */
const MAX_LINKS = 128;

function headersOf({ headers = {} }: Message): PropagationHeaders {
  return propagationHeadersOf(
    Object.entries(headers).map(([name, value]) => [name, textOf(value)]),
  );
}

/** Longer headers are no trace context. */
const MAX_HEADER_BYTES = 8192;

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array) || value.length > MAX_HEADER_BYTES) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
}

/** Counts the attempts of one consumer: kafkajs fetches a failed message again until it succeeds. */
class AttemptCounter {
  readonly #last = new Map<string, { offset: string; count: number }>();

  count(topic: string, partition: number, offset: string): number {
    const key = `${topic}/${partition}`;
    const last = this.#last.get(key);
    if (last?.offset === offset) return ++last.count;
    this.#last.set(key, { offset, count: 1 });
    return 1;
  }
}

function createLagWatcher(
  instrumenter: MessagingInstrumenter,
): (consumer: LagConsumer, group: string) => void {
  const lags = new Set<KafkaLag>();
  let isWatched = false;
  return (consumer, group) => {
    const lag = new KafkaLag(consumer, group, () => lags.delete(lag));
    lag.start(() => lags.add(lag));
    if (isWatched) return;
    isWatched = true;
    instrumenter.observeLag((): ConsumerLag[] => [...lags].flatMap((one) => one.current()));
  };
}
