import { setTimeout as pause } from "node:timers/promises";
import { trace } from "@opentelemetry/api";

const LINES = 1500;
const ROUNDS = 100;

/** Prints, as JSON, the median microseconds that each kind of line takes with an active span. */
export async function measureLines(kinds) {
  await trace.getTracer("bench").startActiveSpan("lines", async (span) => {
    const figures = {};
    for (const [kind, write] of Object.entries(kinds)) figures[kind] = await median(write);
    span.end();
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  });
}

async function median(write) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let line = 0; line < LINES; line++) write();
    rounds.push(((performance.now() - start) * 1000) / LINES);
    // Time to export what is queued: a full queue drops records, which would look cheap.
    await pause(20);
  }
  return Number(rounds.toSorted((a, b) => a - b)[ROUNDS / 2].toFixed(2));
}
