import { place } from "./lib/order.ts";

/*
 * Fails in a timer. With the argument `survives` the app handles the error, and runs until
 * it is killed.
 */
type Mode = "survives" | undefined;

const mode = process.argv[2] as Mode;
if (mode === "survives") {
  process.on("uncaughtException", () => {});
  setInterval(() => {}, 1000);
}

function run(): void {
  place({ id: 7 });
}

setTimeout(run, 1);
