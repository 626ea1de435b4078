import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { trace } from "@opentelemetry/api";

/* Prints the microseconds that a line of pino takes in this process, as JSON. */
const require = createRequire(new URL("../../test/libraries/loggers/rows.ts", import.meta.url));
const pino = require("pino");
const LINES = 1500;
const ROUNDS = 100;

const log = pino(pino.destination({ dest: "/dev/null", sync: true, minLength: 4096 })).child({
  app: "shop",
});
const fields = { item: "cup", count: 3 };
const kinds = {
  "a message": () => log.info("plain line"),
  "message, two fields": () => log.info(fields, "asked for"),
  "message, two nested objects": () =>
    log.info({ user: { id: 3, name: "ada" }, place: { city: "Zug" } }, "nested"),
};

await trace.getTracer("bench").startActiveSpan("lines", async (span) => {
  const figures = {};
  for (const [kind, write] of Object.entries(kinds)) figures[kind] = await median(write);
  span.end();
  process.stdout.write(`${JSON.stringify(figures)}\n`);
});

async function median(write) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let line = 0; line < LINES; line++) write();
    rounds.push(((performance.now() - start) * 1000) / LINES);
    // Time for what is queued to leave: a full queue would make records look cheap.
    await pause(20);
  }
  return Number(rounds.toSorted((a, b) => a - b)[ROUNDS / 2].toFixed(2));
}
