import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { request } from "./requests.mjs";

export async function run({ load, installed, url }) {
  const library = await load(installed);
  const memory = (name, more = {}) =>
    new library.RateLimiterMemory({
      keyPrefix: `${installed}:${name}`,
      points: 1,
      duration: 60,
      ...more,
    });
  const context = { load, installed, url, library, memory };
  return {
    ...(await runCalls(context)),
    ...(await runStores(context)),
    ...(await runRequests(context)),
  };
}

/** Calls outside of any request. */
async function runCalls({ load, installed, library, memory }) {
  const { RateLimiterUnion, BurstyRateLimiter, RLWrapperBlackAndWhite, RLWrapperTimeouts } =
    library;
  const lists = { blackList: ["me"], whiteList: ["you"] };
  const Deep = await load(`${installed}/lib/RateLimiterMemory.js`);
  const limiters = {
    memory: memory("memory"),
    unprefixed: memory("", { keyPrefix: "" }),
    deep: new Deep({ keyPrefix: `${installed}:deep`, points: 1, duration: 60 }),
    union: new RateLimiterUnion(memory("union a"), memory("union b")),
    "union of one": new RateLimiterUnion(memory("union c", { points: 9 }), memory("union d")),
    bursty: new BurstyRateLimiter(memory("bursty"), memory("burst")),
    black: new RLWrapperBlackAndWhite({ limiter: memory("black", { points: 9 }), ...lists }),
    listed: new RLWrapperBlackAndWhite({ limiter: memory("listed") }),
    "listed bursty": new RLWrapperBlackAndWhite({
      limiter: new BurstyRateLimiter(memory("outer"), memory("inner")),
    }),
    ...(RLWrapperTimeouts && {
      timeouts: new RLWrapperTimeouts({
        limiter: memory("timeouts"),
        timeoutMs: 60_000,
        points: 1,
        duration: 60,
      }),
    }),
  };
  const outcomes = {};
  for (const [name, limiter] of Object.entries(limiters)) {
    outcomes[name] = await outcomesOf(3, () => limiter.consume("me"));
  }
  const queue = new library.RateLimiterQueue(memory("queue", { duration: 1 }), { maxQueueSize: 1 });
  outcomes["queue"] = await outcomesOf(3, () => queue.removeTokens(1), true);
  const unhandled = once(process, "unhandledRejection");
  void limiters.memory.consume("me");
  const [rejection] = await unhandled;
  outcomes["unhandled"] = outcomeOf(rejection);
  return outcomes;
}

async function runStores({ load, installed, url, memory, library }) {
  const Redis = await load("ioredis", "Redis");
  const client = new Redis(url, { enableOfflineQueue: false });
  await once(client, "ready");
  const port = await closedPort();
  const lost = new Redis(port, { enableOfflineQueue: false, retryStrategy: null });
  lost.on("error", () => {});
  const limiter = (name, more) =>
    new library.RateLimiterRedis({
      storeClient: client,
      keyPrefix: `${installed}:${name}`,
      points: 1,
      duration: 60,
      ...more,
    });
  const limiters = {
    redis: limiter("redis"),
    lost: limiter("lost", { storeClient: lost }),
    insured: limiter("insured", { storeClient: lost, insuranceLimiter: memory("insurance") }),
  };
  const outcomes = {};
  for (const [name, one] of Object.entries(limiters)) {
    outcomes[name] = await outcomesOf(3, () => one.consume(`${process.pid}`));
  }
  client.disconnect();
  lost.disconnect();
  return outcomes;
}

async function runRequests({ load, installed, memory }) {
  const express = await load("express");
  const app = express();
  const at = (name, ...handlers) => app.get(`/${installed}/${name}`, ...handlers);
  const responding = (limiter, status) => (_request, response) =>
    limiter.consume("me").then(
      () => response.send("ok"),
      () => response.status(status).send("no"),
    );
  at("answered", responding(memory("answered"), 429));
  at("refused", responding(memory("refused"), 503));
  const retried = memory("retried");
  at("retried", async (incoming, response) => {
    await outcomesOf(3, () => retried.consume("me"));
    return response.send("ok");
  });
  const [first, second] = [memory("first"), memory("second")];
  at("both", async (_request, response) => {
    const results = await Promise.allSettled([first.consume("me"), second.consume("me")]);
    const isAllowed = results.every(({ status }) => status === "fulfilled");
    response.status(isAllowed ? 200 : 429).send("both");
  });
  const Brute = await load(`${installed}/lib/ExpressBruteFlexible.js`);
  const options = { freeRetries: 1, minWait: 60_000, prefix: `${installed}:brute` };
  at("brute", new Brute(Brute.LIMITER_TYPES.MEMORY, options).prevent, (_request, response) =>
    response.send("ok"),
  );
  const server = createServer(app);
  const names = ["answered", "refused", "retried", "both", "brute"];
  const counts = Object.fromEntries(names.map((name) => [`/${installed}/${name}`, 3]));
  const outcomes = await request(server, counts);
  server.close();
  server.closeAllConnections();
  return withoutDates(outcomes);
}

/** Calls several times, one after another or at once, and returns what became of the calls. */
async function outcomesOf(count, call, isAtOnce = false) {
  const outcomes = [];
  for (let at = 0; at < count; at++) {
    const outcome = call().then(() => "ok", outcomeOf);
    outcomes.push(isAtOnce ? outcome : await outcome);
  }
  return (await Promise.all(outcomes)).join(", ");
}

function outcomeOf(rejection) {
  return rejection instanceof Error ? rejection.constructor.name : "rejected";
}

function withoutDates(outcomes) {
  return Object.fromEntries(
    Object.entries(outcomes).map(([name, text]) => [name, text.replace(/"[\dT:.-]+Z"/g, "a date")]),
  );
}

async function closedPort() {
  const server = createTcpServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
