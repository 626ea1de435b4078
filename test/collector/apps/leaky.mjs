import { once } from "node:events";
import { createServer } from "node:http";
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import pino from "pino";
import winston from "winston";
import { secretForms, secretKeys, wordOf } from "../support/secrets.ts";

/*
 * A service that emits secrets in all signals. The preload redacts none of them: it
 * only redacts the URLs that it records itself, and those are overwritten here.
 */
const secrets = [];
let number = 2_000_000;
let lines = 0;

const tracer = trace.getTracer("leaky");
const notes = metrics.getMeter("leaky").createCounter("app.notes", { unit: "{note}" });
const durations = metrics.getMeter("leaky").createHistogram("app.durations", { unit: "s" });
const byWinston = winston.createLogger({
  transports: [new winston.transports.Console({ silent: false })],
});
const byPino = pino();

/** Returns a further secret of the same form for a field. */
function secretFor({ what, text, secret = (word) => word }, where) {
  const word = wordOf(++number);
  secrets.push([`${what} in ${where}`, secret(word)]);
  return text(word);
}

function emit(form) {
  const put = (where) => secretFor(form, where);
  const request = trace.getActiveSpan();
  request.setAttributes({ "url.full": put("url.full"), "url.query": put("url.query") });
  request.setAttribute("app.list", ["a", put("a list")]);
  request.addEvent(put("an event's name"), { "app.note": put("an event") });
  tracer.startActiveSpan(
    put("a span's name"),
    {
      attributes: { "app.note": put("a span"), "db.query.text": put("a query") },
      links: [{ context: request.spanContext(), attributes: { "app.batch": put("a link") } }],
    },
    (span) => {
      span.recordException(new Error(put("an exception")));
      span.setStatus({ code: SpanStatusCode.ERROR, message: put("a status message") });
      durations.record(0.2, { "app.note": put("a histogram") });
      span.end();
    },
  );
  notes.add(1, { "app.note": put("a metric") });
  byWinston.info(`winston: ${put("winston's message")}`, { "app.note": put("winston's field") });
  byPino.info({ app: { note: put("pino's field") } }, `pino: ${put("pino's message")}`);
  console.log(`console: ${put("console.log")}`);
  lines += 3;
}

function emitByKey(key) {
  const form = { what: `the key ${key}`, text: (word) => word };
  trace.getActiveSpan().setAttribute(key, secretFor(form, "a span"));
  byWinston.info("winston: by key", { [key]: secretFor(form, "winston's field") });
  byPino.info({ user: { [key]: secretFor(form, "pino's field") } }, "pino: by key");
  lines += 2;
}

const emitters = [
  ...secretForms.map((form) => () => emit(form)),
  ...secretKeys.map((key) => () => emitByKey(key)),
];
let at = 0;
const server = createServer((_request, response) => {
  emitters[at++]();
  response.statusCode = 500;
  response.end();
});
await once(server.listen(0, "127.0.0.1"), "listening");
for (const _ of emitters) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/orders?page=2`);
  await response.arrayBuffer();
}
server.close();
server.closeAllConnections();
process.stdout.write(`\n${JSON.stringify({ secrets, requests: emitters.length, lines })}\n`);
