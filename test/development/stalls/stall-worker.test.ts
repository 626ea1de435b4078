import assert from "node:assert/strict";
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import type { StallWorkerData } from "../../../src/development/stalls/stall-worker.ts";
import { stallWorkerCode } from "../../../src/development/stalls/stall-worker-code.ts";

/** In the place of Node's modules: the time in which the main thread waits for a processor, and the session. */
const modules = `
const { workerData } = require("node:worker_threads");
const startedAt = performance.now();
let readings = 0;
const readFileSync = () => {
  if (workerData.waitingShare === undefined) throw new Error("no such file");
  if (++readings === 5) workerData.port.postMessage("not read");
  return "1 " + Math.round((performance.now() - startedAt) * 1e6 * workerData.waitingShare) + " 1\\n";
};
class Session {
  connectToMainThread() { workerData.port.postMessage("read"); }
  on() {}
  post() {}
}
const fakes = { "node:fs": { readFileSync }, "node:inspector": { Session } };
`;

const rows: readonly {
  readonly title: string;
  /** Undefined: not known on this system. */
  readonly waitingShare: number | undefined;
  readonly result: "read" | "not read";
}[] = [
  { title: "is read while its code runs", waitingShare: 0, result: "read" },
  { title: "is not read while it waits for a processor", waitingShare: 1, result: "not read" },
  { title: "is read where that is not known", waitingShare: undefined, result: "read" },
];

describe("The stack of a main thread that is silent", () => {
  for (const { title, waitingShare, result } of rows) {
    it(title, async () => {
      const { port1, port2 } = new MessageChannel();
      // It has never had a beat.
      const beats = new BigInt64Array(new SharedArrayBuffer(16));
      const data: StallWorkerData = { beats, silentMs: 70, port: port2 };
      const code = `${modules}(function (require) { ${stallWorkerCode} })((name) => fakes[name] ?? require(name));`;
      const workerData = { ...data, waitingShare };
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
