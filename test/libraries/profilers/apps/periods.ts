import { createTelemetryCounters } from "../../../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../../../src/diagnostics/diagnostics.ts";
import { UnsentTelemetry } from "../../../../src/diagnostics/unsent-telemetry.ts";
import { ContinuousProfiles } from "../../../../src/profiling/continuous/continuous-profiles.ts";

// Continuous profiles with short periods, in the folder of the first argument.
const counters = createTelemetryCounters().profiles;
const profiles = new ContinuousProfiles({
  destination: { kind: "folder", path: process.argv[2]! },
  resource: { attributes: { "service.name": "shop" } },
  counters,
  diagnostics: new Diagnostics("info", (text) => void process.stderr.write(text)),
  unsent: new UnsentTelemetry(),
  flushTimeoutMs: 10_000,
  appPath: import.meta.filename,
  periodMs: 300,
  startDelayMs: 0,
});

/** The function that takes the time. */
function priceOfCart(): number {
  let sum = 0;
  const until = performance.now() + 20;
  while (performance.now() < until) for (let at = 0; at < 6_000; at++) sum += Math.sqrt(at) % 3;
  return sum;
}

setInterval(priceOfCart, 40);
process.on("SIGTERM", () => void end());

async function end(): Promise<void> {
  // A profile is queued some time after it is created.
  while (counters.queued > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    await profiles.flush(10_000);
  }
  const { created, sent, droppedTotal, queued } = counters;
  console.log(JSON.stringify({ created, sent, droppedTotal, queued }));
  process.exit();
}
