/* What the apps of the tests do: `sendAlert` is that of their module system. */

const { trace } = require("@opentelemetry/api");

/** Keeps the process alive until SIGTERM. */
function stayAlive() {
  const timer = setInterval(() => {}, 1000);
  process.once("SIGTERM", () => clearInterval(timer));
}

module.exports = (sendAlert) => ({
  /** Ends by itself at once. */
  ends() {
    sendAlert("disk full", { severity: "critical" });
  },
  exits() {
    sendAlert("disk full", { severity: "critical" });
    process.exit(3);
  },
  throws() {
    sendAlert("disk full", { severity: "critical" });
    throw new Error("the app's own");
  },
  killed() {
    setInterval(() => {}, 1000);
    sendAlert("disk full", { severity: "critical" });
    process.kill(process.pid, "SIGTERM");
  },
  stays() {
    stayAlive();
    trace.getTracer("shop").startActiveSpan("order", (span) => {
      process.stdout.write(`${span.spanContext().traceId}\n`);
      sendAlert("no <order> for an hour: token=abcdef1234567890", {
        severity: "error",
        fields: {
          shop: "Bern & Biel",
          apiKey: "abcdef1234567890",
          count: 0,
          list: [1],
          none: undefined,
        },
      });
      span.end();
    });
  },
  /** Prints the milliseconds that all calls took. */
  storm() {
    const started = performance.now();
    for (let number = 1; number <= 10_000; number++)
      sendAlert(`order ${number} failed`, { severity: number === 7000 ? "critical" : "warning" });
    process.stdout.write(`${performance.now() - started}\n`);
  },
  misuse() {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("hostile");
        },
        ownKeys: () => {
          throw new Error("hostile");
        },
      },
    );
    const unprintable = new Error("x");
    Object.defineProperty(unprintable, "message", {
      get: () => {
        throw new Error("hostile");
      },
    });
    for (const message of [undefined, null, 7, {}, [], "", " ", Symbol("s"), hostile, unprintable])
      sendAlert(message);
    sendAlert("1", null);
    sendAlert("2", { severity: "fatal" });
    sendAlert("3", hostile);
    sendAlert(new TypeError("4"), { fields: hostile });
    sendAlert("5", { fields: { cycle: hostile, big: 10n, text: "x".repeat(1000) } });
    process.stdout.write("done\n");
  },
});
