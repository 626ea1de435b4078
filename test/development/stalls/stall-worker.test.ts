import assert from "node:assert/strict";
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import type { StallWorkerData } from "../../../src/development/stalls/stall-worker.ts";
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
  if (path === "/proc/self/stat") return stat(threads.main);
  const task = /^\\/proc\\/self\\/task\\/(.)\\/stat$/.exec(path);
  if (task !== null) return stat((threads.main + "R" + threads.others)[task[1]]);
  if (++readings === 5) workerData.port.postMessage("not read");
  return 1e9 + counted(threads.ranShare) + " " + counted(threads.waitedShare) + " 1\\n";
};
const readdirSync = () => [..."0".repeat(2 + threads.others.length)].map((_, at) => String(at));
class Session {
  connectToMainThread() { workerData.port.postMessage("read"); }
  on() {}
  post() {}
}
const fakes = { "node:fs": { readFileSync, readdirSync }, "node:inspector": { Session } };
`;

const rows: readonly {
  readonly title: string;
  /** Undefined: not known on this system. */
  readonly threads: Threads | undefined;
  readonly result: "read" | "not read";
}[] = [
  {
    title: "is read while its code runs",
    threads: { ranShare: 1, waitedShare: 0, main: "R", others: "SS" },
    result: "read",
  },
  {
    title: "is read while it waits for a file or another process",
    threads: { ranShare: 0, waitedShare: 0, main: "S", others: "SS" },
    result: "read",
  },
  {
    title: "is not read while it has waited for a processor",
    threads: { ranShare: 0, waitedShare: 1, main: "S", others: "SS" },
    result: "not read",
  },
  {
    title: "is not read while it waits for a processor, which is counted later",
    threads: { ranShare: 0, waitedShare: 0, main: "R", others: "SS" },
    result: "not read",
  },
  {
    title: "is not read while it may wait for a thread that waits for a processor",
    threads: { ranShare: 0, waitedShare: 0, main: "S", others: "SR" },
    result: "not read",
  },
  { title: "is read where that is not known", threads: undefined, result: "read" },
];

describe("The stack of a main thread that is silent", () => {
  for (const { title, threads, result } of rows) {
    it(title, async () => {
      const { port1, port2 } = new MessageChannel();
      // It has never had a beat.
      const beats = new BigInt64Array(new SharedArrayBuffer(16));
      const data: StallWorkerData = { beats, silentMs: 70, port: port2 };
      const code = `${modules}(function (require) { ${stallWorkerCode} })((name) => fakes[name] ?? require(name));`;
      const workerData = { ...data, threads };
      const worker = new Worker(code, { eval: true, workerData, transferList: [port2] });
      try {
        const [message] = (await once(port1, "message")) as [unknown];
        assert.equal(message, result);
      } finally {
        await worker.terminate();
        port1.close();
      }
    });
  }
});
