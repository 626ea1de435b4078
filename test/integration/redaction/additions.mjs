import { addRedaction } from "telltale";

/*
 * Adds to the policy in code, with and without the preload, before and after the first
 * logger, and writes lines. The argument `--log` also records a span, a record and a metric.
 */
addRedaction({ fields: ["nationalId", "user.*"], patterns: [/EMP-\d{6}/, /(?=x)/] });
const { createLogger } = await import("telltale/logger");
const logger = createLogger("app");
addRedaction({ fields: ["nationalId"], exceptions: ["pin"] });
addRedaction("nonsense");
const fields = { nationalId: "N-swordfish", user: { name: "swordfish" }, pin: "4711", other: 1 };
logger.info("hello EMP-123456", fields);

if (process.argv.includes("--all")) {
  const { metrics, trace } = await import("@opentelemetry/api");
  const { default: pino } = await import("pino");
  const { captureMessage } = await import("telltale");
  const calls = metrics.getMeter("app").createCounter("app.calls");
  calls.add(1, { region: "SWORDFISH-9" });
  addRedaction({ patterns: [/swordfish-\d/i] });
  calls.add(2, { region: "SWORDFISH-9" });
  trace.getTracer("app").startSpan("EMP-123456", { attributes: fields }).end();
  trace
    .getTracer("app")
    .startSpan("user", { attributes: { "user.name": "swordfish" } })
    .end();
  pino({ write() {} }).info(fields, "EMP-123456");
  captureMessage("EMP-123456", { extra: fields, contexts: { fields } });
}
