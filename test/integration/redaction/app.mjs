import { readFileSync } from "node:fs";
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import pino from "pino";
import * as telltale from "telltale";
import { createLogger, format, transports } from "winston";

/*
 * Passes each text of the file that is its argument to everything that leaves the
 * process: spans, log records, metrics, and events with all that they can have.
 */
const texts = JSON.parse(readFileSync(process.argv[2], "utf8"));
const stream = { write() {} };
const winston = createLogger({
  format: format.combine(format.errors({ stack: true }), format.json()),
  transports: new transports.Stream({ stream: process.stdout }),
});
const pinoLogger = pino(stream);
const tracer = trace.getTracer("app");
const calls = metrics.getMeter("app").createCounter("app.calls");

for (const text of texts) {
  winston.info(text);
  winston.warn("a field", { note: text, nested: { list: [text, { deep: text }] } });
  winston.error(new Error(text));
  pinoLogger.info({ note: text, err: new Error(text) }, text);
  console.warn(text);
  logs.getLogger("app").emit({ body: { text }, attributes: { note: text } });
  const span = tracer.startSpan(text, { attributes: { note: text } });
  span.updateName(`renamed ${text}`);
  span.setAttribute("list", [text]);
  span.addEvent(text, { note: text });
  span.addLink({ context: span.spanContext(), attributes: { note: text } });
  span.recordException(new Error(text));
  span.setStatus({ code: SpanStatusCode.ERROR, message: text });
  span.end();
  calls.add(1, { note: text });
  telltale.withIsolationScope((scope) => {
    telltale.addBreadcrumb({ message: text, data: { note: text } });
    scope
      .setTag("note", text)
      .setExtra("note", { deep: [text] })
      .setContext("note", { text });
    scope.setUser({ id: "1", note: text }).setFingerprint([text]);
    telltale.captureException(new Error(text, { cause: new Error(text) }));
    telltale.captureMessage(text);
  });
}

const fields = { password: "swordfish9", nested: { apiKey: "swordfish9" }, pin: 471_199 };
winston.info("fields", fields);
pinoLogger.info(fields, "fields");
logs.getLogger("app").emit({ body: fields, attributes: fields });
tracer.startSpan("fields", { attributes: { password: "swordfish9" } }).end();
calls.add(1, { password: "swordfish9" });
telltale.captureMessage("fields", { extra: fields, contexts: { fields } });
telltale.captureFeedback({ message: `password=swordfish9`, name: "Ann" });
