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
// Not in one piece, since events have lines of source.
const employee = ["EMP", 123456].join("-");
const name = ["sword", "fish"].join("");
const fields = { nationalId: `N-${name}`, user: { name }, pin: "4711", other: 1 };
logger.info(`hello ${employee}`, fields);

if (process.argv.includes("--all")) {
  const { metrics, trace } = await import("@opentelemetry/api");
  const { default: pino } = await import("pino");
  const { captureMessage } = await import("telltale");
  const calls = metrics.getMeter("app").createCounter("app.calls");
  calls.add(1, { region: `${name}-9` });
  addRedaction({ patterns: [/SWORD[a-z]+-\d/i] });
  calls.add(2, { region: `${name}-9` });
  trace.getTracer("app").startSpan(employee, { attributes: fields }).end();
  trace
    .getTracer("app")
    .startSpan("user", { attributes: { "user.name": name } })
    .end();
  pino({}, { write() {} }).info(fields, employee);
  captureMessage(employee, { extra: fields, contexts: { fields } });
}
