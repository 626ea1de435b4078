import type { ConsumerLag } from "../../../context/messaging.ts";

/** The part of a consumer that reports its lag. */
export interface LagConsumer {
  readonly events: Readonly<Record<string, string>>;
  on(event: string, listener: (event: { readonly payload: unknown }) => void): unknown;
}

interface BatchEvent {
  readonly topic: string;
  readonly partition: number;
  /** Messages between the batch's last one and the end of the partition, as fetched with the batch. */
  readonly offsetLag: string;
  readonly batchSize: number;
}

interface JoinEvent {
  readonly memberAssignment?: Readonly<Record<string, readonly number[]>>;
}

/**
 * Lag of one consumer by partition, from kafkajs's events of each batch, without
 * requests to the broker. A partition has no lag before its first batch, nor once
 * it is assigned to another consumer.
 */
export class KafkaLag {
  readonly #consumer: LagConsumer;
  readonly #group: string;
  readonly #onEnd: () => void;
  readonly #partitions = new Map<string, ConsumerLag>();

  constructor(consumer: LagConsumer, group: string, onEnd: () => void) {
    this.#consumer = consumer;
    this.#group = group;
    this.#onEnd = onEnd;
  }

  /** @param onJoin called whenever the consumer joins its group */
  start(onJoin: () => void): void {
    const { events } = this.#consumer;
    this.#listen(events["START_BATCH_PROCESS"], (payload) => {
      const batch = payload as BatchEvent;
      this.#record(batch, Number(batch.offsetLag) + batch.batchSize);
    });
    this.#listen(events["END_BATCH_PROCESS"], (payload) => {
      const batch = payload as BatchEvent;
      this.#record(batch, Number(batch.offsetLag));
    });
    this.#listen(events["GROUP_JOIN"], (payload) => {
      onJoin();
      this.#retainAssigned((payload as JoinEvent).memberAssignment ?? {});
    });
    for (const name of ["STOP", "DISCONNECT", "CRASH"]) {
      this.#listen(events[name], () => {
        this.#partitions.clear();
        this.#onEnd();
      });
    }
  }

  current(): ConsumerLag[] {
    return [...this.#partitions.values()];
  }

  #listen(event: string | undefined, listener: (payload: unknown) => void): void {
    if (event !== undefined) this.#consumer.on(event, ({ payload }) => listener(payload));
  }

  #record({ topic, partition }: BatchEvent, messages: number): void {
    this.#partitions.set(keyOf(topic, partition), {
      system: "kafka",
      destination: topic,
      group: this.#group,
      partition,
      messages: Math.max(0, messages),
    });
  }

  #retainAssigned(assignment: Readonly<Record<string, readonly number[]>>): void {
    const assigned = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => keyOf(topic, partition)),
      ),
    );
    for (const key of this.#partitions.keys()) if (!assigned.has(key)) this.#partitions.delete(key);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
