import type { Backlog } from "../../../context/messaging.ts";

/** The part of a queue or worker that counts its jobs. */
interface Backend {
  getCounts(types: string[]): Promise<readonly unknown[]>;
  getRanges?(
    types: string[],
    start: number,
    end: number,
    ascending: boolean,
  ): Promise<readonly unknown[]>;
}

/** A queue or a worker. */
export interface CountableQueue {
  readonly name: string;
  readonly qualifiedName?: string;
  readonly closing?: unknown;
  /** From 6 on. */
  readonly backend?: Backend;
  /** Up to 5. */
  readonly scripts?: Backend;
  readonly Job?: {
    fromId(queue: unknown, id: string): Promise<{ readonly timestamp?: number } | undefined>;
  };
}

/** States in the metric, by BullMQ's names of the lists. Jobs of a paused queue are waiting. */
const states: Readonly<Record<string, string>> = {
  wait: "waiting",
  prioritized: "waiting",
  paused: "waiting",
  active: "active",
  delayed: "delayed",
  failed: "failed",
};

/** Above the number of queues of most processes; each costs one or two requests per collection. */
const MAX_QUEUES = 100;

/**
 * Counts the jobs in the queues that this process has opened or works for, once
 * per queue, over the connection of the queue or worker.
 */
export class BullmqBacklog {
  readonly #system: string;
  readonly #queues = new Map<string, WeakRef<CountableQueue>>();
  readonly #pendingCounts = new Map<string, Promise<Backlog | undefined>>();

  constructor(system: string) {
    this.#system = system;
  }

  add(queue: CountableQueue): void {
    const key = queue.qualifiedName ?? queue.name;
    const known = this.#queues.get(key)?.deref();
    if (known !== undefined && known.closing === undefined) return;
    if (this.#queues.size < MAX_QUEUES) this.#queues.set(key, new WeakRef(queue));
  }

  async count(): Promise<Backlog[]> {
    const all = [...this.#queues].map(([key, queue]) => this.#countOnce(key, queue));
    return (await Promise.all(all)).filter((backlog) => backlog !== undefined);
  }

  /** Counts once at a time: a slow store gets no second request while the first is pending. */
  #countOnce(key: string, reference: WeakRef<CountableQueue>): Promise<Backlog | undefined> {
    const queue = reference.deref();
    if (queue === undefined || Boolean(queue.closing)) {
      this.#queues.delete(key);
      return Promise.resolve(undefined);
    }
    const counting = this.#pendingCounts.get(key) ?? this.#count(queue);
    this.#pendingCounts.set(key, counting);
    return counting.finally(() => this.#pendingCounts.delete(key));
  }

  async #count(queue: CountableQueue): Promise<Backlog | undefined> {
    const backEnd = queue.backend ?? queue.scripts;
    if (backEnd === undefined) return undefined;
    try {
      const lists = Object.keys(states);
      const counts = await backEnd.getCounts(lists);
      const sizes: Record<string, number> = {};
      for (const [at, list] of lists.entries()) {
        const state = states[list] ?? list;
        sizes[state] = (sizes[state] ?? 0) + Number(counts[at] ?? 0);
      }
      const oldestSeconds =
        Number(counts[0] ?? 0) > 0 ? await oldestJobAge(queue, backEnd) : undefined;
      return { system: this.#system, destination: queue.name, sizes, oldestSeconds };
    } catch {
      return undefined;
    }
  }
}

async function oldestJobAge(queue: CountableQueue, backEnd: Backend): Promise<number | undefined> {
  if (backEnd.getRanges === undefined || queue.Job === undefined) return undefined;
  const ranges = await backEnd.getRanges(["wait"], 0, 0, true);
  const id = ranges.flat().find((value) => typeof value === "string");
  if (id === undefined) return undefined;
  const job = await queue.Job.fromId(queue, id);
  return job?.timestamp === undefined ? undefined : (Date.now() - job.timestamp) / 1000;
}
