import { once } from "node:events";
import * as Sentry from "@sentry/core";
import {
  addBreadcrumb,
  captureCheckIn,
  captureException,
  captureFeedback,
  captureMessage,
  job,
  setContext,
  setExtras,
  setOrganization,
  setTags,
  setUser,
  withIsolationScope,
  withMonitor,
} from "telltale";
import express from "express";
import pino from "pino";
import winston from "winston";

/*
 * Sends items of each kind. The text of an event names its kind. The argument is one that
 * ends the process.
 */
const nowhere = new winston.Transport({ log: (_info, next) => next() });
const logger = winston.createLogger({ transports: nowhere });

const kinds = {
  exception: (thrown) => captureException(thrown),
  cause: (thrown) => {
    thrown.cause = new TypeError("the cause", { cause: "a text" });
    captureException(thrown);
  },
  aggregate: (thrown, kind) => {
    const errors = [thrown, new RangeError("two", { cause: new Error("of two") })];
    captureException(new AggregateError(errors, kind));
  },
  "a text": (_thrown, kind) => captureException(kind),
  "an object": (_thrown, kind) => captureException({ kind, code: 7 }),
  "a class without a name": (_thrown, kind) => captureException(new (class extends Error {})(kind)),
  message: (_thrown, kind) => captureMessage(kind),
  "message with level": (_thrown, kind) => captureMessage(kind, "log"),
  "message with parameters": (_thrown, kind) =>
    Sentry.captureMessage(Sentry.parameterize`${kind} has ${1}`),
  winston: (thrown) => logger.error(thrown),
  pino: (thrown) => pino(pino.destination(2)).error(thrown),
  console: (thrown) => console.error(thrown),
  everything: (thrown) => {
    setUser({ id: 7, email: "anna@example.com", username: "anna", ip_address: "::1", plan: "pro" });
    setOrganization("acme");
    setTags({ text: "x".repeat(300), lines: "a\nb", number: 5, yes: true, big: 5n, none: null });
    setExtras({ date: new Date(0), map: new Map([["a", 1]]), deep: { a: { b: { c: { d: 1 } } } } });
    setContext("order", { id: 7, items: ["a", "b"] });
    addBreadcrumb({ message: "clicked", category: "ui", level: "log", data: { button: 1 } });
    addBreadcrumb({ type: "http", category: "xhr", data: { url: "/", status_code: 200 } });
    captureException(thrown, { level: "fatal", fingerprint: ["{{ default }}", "everything"] });
  },
  job: (thrown) => job("sweep", () => Promise.reject(thrown))(),
  "monitored job": (thrown) => {
    const schedule = { type: "crontab", value: "0 2 * * *" };
    const work = job("report", () => Promise.reject(thrown));
    return withMonitor("nightly", work, { schedule, timezone: "Europe/Berlin" });
  },
  "check-in": () => {
    const schedule = { type: "interval", value: 5, unit: "minute" };
    captureCheckIn({ monitorSlug: "heartbeat", status: "ok", duration: 1.5 }, { schedule });
  },
  feedback: (thrown) => {
    const associatedEventId = captureException(thrown);
    const page = { url: "https://shop.example/", source: "form", tags: { page: 1 } };
    const text = { message: "x".repeat(10_000), name: "Anna", email: "anna@example.com" };
    const attachments = [
      { filename: "a.txt", data: "a text\nof lines", contentType: "text/plain" },
    ];
    captureFeedback({ ...text, ...page, associatedEventId }, { attachments });
  },
  repeated: (_thrown, kind) => {
    for (let at = 0; at < 30; at++) captureException(new Error(`${kind} ${at}`));
  },
};

/** They end the process. */
const endings = {
  "uncaught exception": (thrown) => {
    setImmediate(() => {
      throw thrown;
    });
  },
  "unhandled rejection": (thrown) => {
    void Promise.reject(thrown);
  },
};

async function visitShop() {
  const app = express();
  app.use(express.json());
  app.post("/orders/:id", (request) => {
    request.user = { id: 8, email: "otto@example.com" };
    throw new Error("request");
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${server.address().port}/orders/7?page=2&page=3`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: "theme=dark; sid=1", "x-plan": "pro" },
    body: JSON.stringify({ items: [1, 2], note: "none" }),
  });
  await response.text();
  server.close();
  await once(server, "close");
}

for (const [kind, send] of Object.entries(kinds)) {
  await withIsolationScope(async () => {
    try {
      await send(new Error(kind), kind);
    } catch {
      // The error of a job.
    }
  });
}
await visitShop();
const [, , ending] = process.argv;
endings[ending]?.(new Error(ending));
