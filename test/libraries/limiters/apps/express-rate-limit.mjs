import { once } from "node:events";
import { createServer } from "node:http";
import { request } from "./requests.mjs";

export async function run({ load, installed }) {
  const limit = await load(installed, "rateLimit");
  const isLatest = installed === "express-rate-limit";
  const express = await load(isLatest ? "express5" : "express");
  const app = express();
  const windowMs = 60_000;
  const options = { windowMs, max: 1, legacyHeaders: false, validate: false };
  const at = (name, ...limiters) =>
    app.get(`/${installed}/${name}`, ...limiters, (_request, response) => response.send("ok"));

  at("plain", limit(options));
  at("handler", limit({ ...options, handler: (_r, response) => response.status(503).send("no") }));
  at("error", limit({ ...options, handler: (_r, _s, next) => next(new TooMany("busy")) }));
  at("passed", limit({ ...options, handler: (_r, _s, next) => next() }));
  at("slow", limit({ ...options, handler: respondAndWait }));
  at("skipped", limit({ ...options, skip: () => true }));
  at("named", limit({ ...options, identifier: "login" }));
  at("property", limit({ ...options, windowMs: 7_200_000, requestPropertyName: "quota" }));
  at("keys", limit({ ...options, keyGenerator: () => "secret-key" }));
  at("stacked", limit({ ...options, max: 10 }), limit({ ...options, windowMs: 30_000 }));
  at("function", limit({ ...options, max: async () => 2 }));
  at("zero", limit({ ...options, max: 0 }));
  at("store", limit({ ...options, store: new CountingStore() }));
  at("broken", limit({ ...options, store: new BrokenStore() }));
  app.get(`/${installed}/own`, (_request, response) => response.status(429).send("own"));
  const mounted = { identifier: `${installed}:mounted`, message: { code: 1 } };
  app.use(`/${installed}/mounted`, limit({ ...options, ...mounted }));
  app.use(`/${installed}/mounted`, (_request, response) => response.send("ok"));
  let reached = 0;
  // Later versions ignore it.
  at("reached", limit({ ...options, onLimitReached: () => reached++ }));
  app.use((error, _request, response, _next) =>
    response.status(error.status ?? 500).send(error.message),
  );

  const server = createServer(app);
  const names = ["plain", "handler", "error", "passed", "slow", "skipped", "named", "property"];
  names.push("keys", "stacked", "function", "zero", "store", "broken", "own", "mounted", "reached");
  const counts = Object.fromEntries(names.map((name) => [`/${installed}/${name}`, 3]));
  const outcomes = await request(server, counts);
  server.close();
  server.closeAllConnections();
  return { ...outcomes, "limit reached": reached };
}

class TooMany extends Error {
  status = 429;
}

async function respondAndWait(_request, response) {
  response.status(429).send("later");
  await once(response, "close");
  await new Promise((resolve) => setImmediate(resolve));
}

class CountingStore {
  #hits = 0;
  async increment() {
    return { totalHits: ++this.#hits, resetTime: new Date(Date.now() + 60_000) };
  }
  async decrement() {}
  async resetKey() {}
}

class BrokenStore extends CountingStore {
  async increment() {
    throw new TooMany("the store is broken");
  }
}
