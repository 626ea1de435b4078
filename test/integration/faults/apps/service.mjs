import { closeSync, openSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import { captureException } from "telltale";
import winston from "winston";
import { hostileValues } from "./hostile-values.mjs";

/*
 * A service with what its test requests of it: telemetry, and trouble in the process.
 * Prints its port.
 */
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});
const tracer = trace.getTracer("service");

/** Open files, and memory in use. */
const descriptors = [];
const memory = [];

const routes = {
  /** Creates spans, log records and events; the request itself has one more span. */
  "/work"({ spans, logs, events }) {
    for (let index = 0; index < Number(spans); index++) tracer.startSpan(`span ${index}`).end();
    for (let index = 0; index < Number(logs); index++) log.info(`line ${index}`);
    for (let index = 0; index < Number(events); index++) captureException(new Error("failed"));
  },
  /** Keeps the event loop busy, without using the processor. */
  "/block"({ ms }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  },
  /** Takes all descriptors, also those of files and connections that are open for a short time. */
  async "/exhaust-descriptors"() {
    for (let quiet = 0; quiet < 20; quiet++) {
      try {
        for (;;) {
          descriptors.push(openSync(process.execPath, "r"));
          quiet = 0;
        }
      } catch {}
      await delay(10);
    }
  },
  "/release-descriptors"() {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  },
  /** Keeps memory, and creates garbage at each request. */
  "/fill-memory"({ mb }) {
    for (let index = 0; index < Number(mb); index++)
      memory.push(Array.from({ length: 128 * 1024 }, () => index));
  },
  /** Records values that are hostile in every way. */
  "/hostile-attributes"() {
    for (const value of hostileValues()) {
      const span = tracer.startSpan("hostile", { attributes: { value } });
      span.setAttribute("later", value).setAttributes({ "of a set": value });
      span.end();
    }
  },
  "/hostile-logs"() {
    for (const value of hostileValues()) {
      try {
        log.info("hostile", { value });
      } catch {
        // The app's own transport throws as well.
      }
    }
  },
  "/hostile-events"() {
    for (const value of hostileValues())
      captureException(new Error("hostile"), { extra: { value } });
  },
};

process.on("unhandledRejection", (reason) => {
  console.error("unhandled rejection:", reason);
});

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://service");
  await routes[pathname](Object.fromEntries(searchParams));
  response.end("done");
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
