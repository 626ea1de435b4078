import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import pino from "pino";
import * as telltale from "telltale";
import * as telltaleLogger from "telltale/logger";
import { createLogger, format, transports } from "winston";

/*
 * Passes each text of the file that is its argument to everything that leaves the
 * process: spans, log lines and records, metrics, requests, and events with all that they
 * can have.
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
const shop = telltaleLogger.createLogger("shop");
const database = new DatabaseSync(":memory:");
const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
await once(server, "listening");
const address = `http://127.0.0.1:${server.address().port}`;

for (const text of texts) {
  winston.info(text);
  winston.warn("a field", { note: text, nested: { list: [text, { deep: text }] } });
  winston.error(new Error(text));
  shop.info(text, { note: text, nested: { list: [text] } });
  shop.child({ note: text }).error(new Error(text, { cause: new Error(text) }));
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
  telltale.logPerformance(text, 0.1, { note: text });
  telltale.logSecurityEvent(text, { message: text, note: text });
  telltale.job(text, () => query(text))();
  await request(text);
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

/** A literal, a comment and a parameter. */
function query(text) {
  try {
    const literal = text.replaceAll("'", "''").replaceAll("\0", "");
    database.prepare(`SELECT '${literal}' AS a, ? AS b`).all(text);
    database.prepare(`SELECT 1 /* ${text.replaceAll("*/", "")} */`).all();
  } catch {
    // Not every text is one of SQLite's.
  }
}

/** In the path, the query and a header, as a server and as a client. */
async function request(text) {
  const encoded = encodeURIComponent(text.toWellFormed());
  const headers = /^[\x20-\x7e]+$/.test(text) ? { "user-agent": text } : {};
  const response = await fetch(`${address}/p/${encoded}?note=${encoded}&a=1`, { headers });
  await response.text();
  const query = new URLSearchParams({ note: text, a: "1" });
  await (await fetch(`${address}/q?${query}`, { headers })).text();
}

const fields = {
  password: "swordfish9",
  nested: { apiKey: "swordfish9" },
  pin: 471_199,
  note: "Bearer swordfish9",
  card: 4111111111111111,
};
winston.info("fields", fields);
shop.info("fields", fields);
console.error("fields", fields);
pinoLogger.info(fields, "fields");
logs.getLogger("app").emit({ body: fields, attributes: fields });
const span = tracer.startSpan("fields", { attributes: { password: "swordfish9" } });
span.addEvent("fields", { "nested.apiKey": "swordfish9", card: 4111111111111111 }).end();
telltale.addBreadcrumb({ message: "fields", data: fields });
calls.add(1, { password: "swordfish9" });
telltale.captureMessage("fields", { extra: fields, contexts: { fields } });
telltale.captureFeedback({ message: `password=swordfish9`, name: "Ann" });
const page = `http://localhost:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`;
writeFileSync(`${process.argv[2]}.page`, await (await fetch(page)).text());
server.close();
database.close();
