import assert from "node:assert/strict";
import { on } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import type {
  StallMessage,
  StallWorkerData,
} from "../../../src/development/stalls/stall-worker.ts";
import { stallWorkerCode } from "../../../src/development/stalls/stall-worker-code.ts";

/** What Linux reports of the threads of the process. */
interface Threads {
  /** Shares of the time in which the main thread runs, and waits for a processor, as they are counted. */
  readonly ranShare: number;
  readonly waitedShare: number;
  /** States of the main thread, and of the others besides the one that watches it. */
  readonly main: string;
  readonly others: string;
}

/** In the place of Node's modules: files of Linux, and the session. */
const modules = `
const { workerData } = require("node:worker_threads");
const { threads } = workerData;
const startedAt = performance.now();
let readings = 0;
const counted = (share) => Math.round((1 + performance.now() - startedAt) * 1e6 * share);
const stat = (state) => "1 (node ) R) " + state + " 1 1";
const readFileSync = (path) => {
  if (threads === undefined) throw new Error("no such file");
  const task = /^\\/proc\\/self\\/task\\/(.)\\/stat$/.exec(path);
  if (task !== null) return stat((threads.main + "R" + threads.others)[task[1]]);
  if (++readings === 5) workerData.port.postMessage("not read");
  return 1e9 + counted(threads.ranShare) + " " + counted(threads.waitedShare) + " 1\\n";
};
const readdirSync = () => [..."0".repeat(2 + threads.others.length)].map((_, at) => String(at));
class Session {
  connectToMainThread() { workerData.port.postMessage("read"); }
  disconnect() {}
  on(name, listener) { if (name === "Debugger.paused") this.onPaused = listener; }
  post(method, callback) {
    if (method === "Debugger.pause") this.onPaused({ params: { callFrames: [] } });
    if (method === "Debugger.resume") workerData.port.postMessage("resumed");
    callback?.();
  }
}
const fakes = { "node:fs": { readFileSync, readdirSync }, "node:inspector": { Session } };
`;

const asleep: Threads = { ranShare: 0, waitedShare: 0, main: "S", others: "SS" };

const rows: readonly {
  readonly title: string;
  /** Undefined: not known on this system. */
  readonly threads: Threads | undefined;
  readonly result: "read" | "not read";
}[] = [
  {
    title: "is read while its code runs",
    threads: { ...asleep, ranShare: 1, main: "R" },
    result: "read",
  },
  {
    title: "is read while it waits for a file or another process",
    threads: asleep,
    result: "read",
  },
  {
    title: "is not read while it has waited for a processor",
    threads: { ...asleep, waitedShare: 1 },
    result: "not read",
  },
  {
    title: "is not read while it waits for a processor, which is counted later",
    threads: { ...asleep, main: "R" },
    result: "not read",
  },
  {
    title: "is not read while it may wait for a thread that waits for a processor",
    threads: { ...asleep, others: "SR" },
    result: "not read",
  },
  { title: "is read where that is not known", threads: undefined, result: "read" },
];

describe("The stack of a main thread that is silent", () => {
  for (const { title, threads, result } of rows) {
    it(title, async () => {
      await withWorker(threads, async (messages) => {
        assert.equal(await messages.next(), result);
      });
    });
  }

  it("is known before the thread goes on", async () => {
    await withWorker(asleep, async (messages) => {
      assert.equal(await messages.next(), "read");
      assert.equal(((await messages.next()) as StallMessage).kind, "stack");
      assert.equal(await messages.next(), "resumed");
    });
  });

  it("is read in a long silence soon after another one", async () => {
    await withWorker(asleep, async (messages, beats) => {
      await messages.nextStackAt();
      const delays: number[] = [];
      // A machine without a processor to spare may take longer; the pause for short ones is 1 s.
      while (delays.length < 5 && !delays.some((ms) => ms < 1_000)) {
        const beatAt = process.hrtime.bigint();
        Atomics.store(beats, 0, beatAt);
        delays.push((await messages.nextStackAt()) - Number(beatAt) / 1e6);
      }
      assert.ok(delays.at(-1)! < 1_000, String(delays));
    });
  });
});

interface Messages {
  next(): Promise<unknown>;
  nextStackAt(): Promise<number>;
}

/** Runs a worker whose main thread has had no beat yet. */
async function withWorker(
  threads: Threads | undefined,
  work: (messages: Messages, beats: BigInt64Array) => Promise<void>,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const beats = new BigInt64Array(new SharedArrayBuffer(16));
  const data: StallWorkerData = { beats, silentMs: 70, port: port2 };
  const code = `${modules}(function (require) { ${stallWorkerCode} })((name) => fakes[name] ?? require(name));`;
  const workerData = { ...data, threads };
  const received = on(port1, "message");
  const worker = new Worker(code, { eval: true, workerData, transferList: [port2] });
  const next = async (): Promise<unknown> => {
    const { value } = (await received.next()) as { value: [unknown] };
    return value[0];
  };
  const nextStackAt = async (): Promise<number> => {
    for (;;) {
      const message = (await next()) as StallMessage | string;
      if (typeof message !== "string" && message.kind === "stack") return message.at;
    }
  };
  try {
    await work({ next, nextStackAt }, beats);
  } finally {
    await worker.terminate();
    port1.close();
  }
}
