// Starts processes, and prints how much memory and how many handles have stayed at least.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { trace } from "@opentelemetry/api";

const [count, atOnce] = process.argv.slice(2).map(Number);
const tracer = trace.getTracer("spawns");

/** Starts processes one after the other, each in a span of its own. */
async function spawnAll(number) {
  for (let done = 0; done < number; done++) {
    await tracer.startActiveSpan("spawn", async (span) => {
      await once(spawn("/bin/true", { stdio: "ignore" }), "exit");
      span.end();
    });
  }
}

async function measure() {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return {
    heap: process.memoryUsage().heapUsed,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: process.getActiveResourcesInfo().length,
  };
}

const run = (number) =>
  Promise.all(Array.from({ length: atOnce }, () => spawnAll(Math.ceil(number / atOnce))));

await run(count);
const measured = [await measure()];
// A leak grows in each window; what a busy host delays grows in some.
for (let window = 0; window < 4; window++) {
  await run(count);
  measured.push(await measure());
}
const growthOf = (key) =>
  Math.min(...measured.slice(1).map((one, at) => one[key] - measured[at][key]));
console.log(
  JSON.stringify({
    heap: growthOf("heap"),
    descriptors: growthOf("descriptors"),
    resources: growthOf("resources"),
    measured,
  }),
);
