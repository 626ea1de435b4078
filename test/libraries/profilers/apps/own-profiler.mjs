import { time } from "@datadog/pprof";

// An app with a profiler of its own, which starts it at once, or at a signal.
const start = () => {
  time.start({ intervalMicros: 10_000 });
  console.log(`started: ${time.isStarted()}`);
};
if (process.argv[2] === "late") process.on("SIGUSR2", start);
else start();
setInterval(() => {}, 1_000);
console.log("ready");
