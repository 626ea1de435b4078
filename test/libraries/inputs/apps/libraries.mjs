import { once } from "node:events";
import http from "node:http";

/** What is asked of each library, with inputs that could be written to. */
export const libraries = {
  async amqplib({ library, url, hand, handOdd }) {
    const connection = await library.connect(url);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue("inputs");
    const options = () => ({ headers: { own: "1" }, messageId: "m" });
    await hand("publish", options, async (input) => {
      channel.publish("", queue, Buffer.from("b"), input);
      await channel.waitForConfirms();
    });
    await hand("sendToQueue", options, async (input) => {
      channel.sendToQueue(queue, Buffer.from("b"), input);
      await channel.waitForConfirms();
    });
    await hand(
      "assertQueue",
      () => ({ durable: true, arguments: {} }),
      async (input) => void (await channel.assertQueue("inputs-asserted", input)),
    );
    await hand(
      "consume",
      () => ({ noAck: true, arguments: {} }),
      async (input) => {
        const { consumerTag } = await channel.consume(queue, () => {}, input);
        await channel.cancel(consumerTag);
      },
    );
    await handOdd("options of publish", (input) =>
      channel.publish("", queue, Buffer.from("b"), input),
    );
    await handOdd("exchange of publish", (input) =>
      channel.publish(input, queue, Buffer.from("b")),
    );
    await handOdd("content of publish", (input) => channel.publish("", queue, input));
    await connection.close();
  },

  async bullmq({ library: { Queue, Worker }, url, hand, handOdd }) {
    const { hostname: host, port } = new URL(url);
    const connection = { host, port: Number(port) };
    const queue = new Queue("inputs", { connection });
    const options = () => ({ attempts: 1, backoff: { type: "fixed", delay: 1 } });
    await hand(
      "add",
      () => ({ data: { id: 1, tags: ["a"] }, options: options() }),
      async ({ data, options }) => void (await queue.add("pack", data, options)),
    );
    await hand(
      "addBulk",
      () => [
        { name: "pack", data: { id: 1 }, opts: options() },
        { name: "pack", data: { id: 2 } },
      ],
      async (input) => void (await queue.addBulk(input)),
    );
    await hand(
      "Worker",
      () => ({ connection: { ...connection }, autorun: false, concurrency: 1 }),
      async (input) => {
        const worker = new Worker("inputs", async () => {}, input);
        await worker.waitUntilReady();
        await worker.close();
      },
    );
    await handOdd("data of add", async (input) => typeof (await queue.add("pack", input)));
    await handOdd("options of add", async (input) => typeof (await queue.add("pack", {}, input)));
    await queue.close();
  },

  async kafkajs({ library: { Kafka, logLevel }, url, hand, handOdd }) {
    const kafka = new Kafka({ brokers: [url], logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    const message = () => ({ key: "k", value: "v", headers: { own: "1" } });
    await hand(
      "send",
      () => ({ topic: "inputs", messages: [message(), { value: Buffer.from("v") }] }),
      async (input) => void (await producer.send(input)),
    );
    await hand(
      "sendBatch",
      () => ({ topicMessages: [{ topic: "inputs", messages: [message()] }] }),
      async (input) => void (await producer.sendBatch(input)),
    );
    await handOdd("record of send", async (input) => typeof (await producer.send(input)));
    await handOdd("messages of send", async (messages) => {
      return typeof (await producer.send({ topic: "inputs", messages }));
    });
    await producer.disconnect();
  },

  async nats({ library, url, hand }) {
    const connection = await library.connect({ servers: url });
    const headers = library.headers();
    headers.set("own", "1");
    connection.subscribe("inputs", { callback: (_error, message) => message.respond("r") });
    const publish = (input) => {
      connection.publish("inputs", "b", input);
      return [...headers];
    };
    await hand("publish with headers", () => ({ headers }), publish);
    await hand("publish without headers", () => ({ reply: "inputs-reply" }), publish);
    await hand(
      "request",
      () => ({ timeout: 60_000, headers }),
      async (input) => {
        await connection.request("inputs", "b", input);
        return [...headers];
      },
    );
    await hand(
      "subscribe",
      () => ({ max: 1, callback: () => {} }),
      (input) => void connection.subscribe("inputs-subscribed", input),
    );
    await connection.close();
  },

  async postgres({ library: postgres, url, hand, handOdd }) {
    const sql = postgres(url, { max: 1, connection: { application_name: "inputs" } });
    const outcome = (query) => query.then(Array.from, (error) => `${error.code}: ${error.message}`);
    await hand(
      "query with a helper",
      () => ({ a: "v" }),
      (input) => outcome(sql`SELECT * FROM (VALUES (${input.a})) AS t ${sql`WHERE 1 = ${1}`}`),
    );
    await hand(
      "values of unsafe",
      () => ["v"],
      (input) => outcome(sql.unsafe("SELECT $1::text AS a", input)),
    );
    await hand(
      "options of unsafe",
      () => ({ prepare: true }),
      (input) => outcome(sql.unsafe("SELECT $1::text AS a", ["v"], input)),
    );
    await hand(
      "properties of a query",
      () => ["v"],
      async (input) => {
        const query = sql`SELECT ${input[0]} AS a`;
        const before = Object.keys(query);
        await query;
        return { before, after: Object.keys(query), prototype: query.constructor.name };
      },
    );
    await handOdd("value", (input) => outcome(sql`SELECT ${input} AS a`));
    await handOdd("unsafe", (input) => outcome(sql.unsafe(input)));
    await handOdd("forEach", (input) => outcome(sql`SELECT 1 AS a`.forEach(input)));
    await handOdd("cursor", (input) => outcome(sql`SELECT 1 AS a`.cursor(input)));
    await sql.end({ timeout: 0 });
  },

  async pg({ library: { Pool }, url, hand, handOdd }) {
    const pool = new Pool({ connectionString: url, max: 1 });
    const rows = async (...args) => (await pool.query(...args)).rows;
    await hand(
      "query of a configuration",
      () => ({ text: "SELECT $1::text AS a", values: ["v"] }),
      (input) => rows(input),
    );
    await hand(
      "query of a prepared statement",
      () => ({ name: "n", text: "SELECT $1::text AS a", values: ["v"], rowMode: "array" }),
      (input) => rows(input),
    );
    await hand(
      "query with values",
      () => ["v"],
      (input) => rows("SELECT $1::text AS a", input),
    );
    let reads = 0;
    await hand(
      "query of a statement whose text is computed",
      () => ({
        get text() {
          reads++;
          return "SELECT $1::text AS a";
        },
        values: ["v"],
      }),
      async (input) => {
        // Past the pool, which in the oldest version writes to its input.
        const client = await pool.connect();
        const result = await client.query(input).finally(() => client.release());
        return [result.rows, reads];
      },
    );
    await hand("callback", () => "SELECT 1 AS a", thisOf(pool));
    await handOdd("query", (input) => rows(input));
    await handOdd("values of a query", (input) => rows("SELECT 1 AS a", input));
    await pool.end();
  },

  async mysql2({ require, library, url, hand, handOdd }) {
    const promise = require("mysql2/promise");
    const pool = promise.createPool({ uri: url, connectionLimit: 1 });
    const options = () => ({ sql: "SELECT ? AS a", values: ["v"] });
    await hand("query of options", options, async (input) => (await pool.query(input))[0]);
    await hand("execute of options", options, async (input) => (await pool.execute(input))[0]);
    await hand(
      "execute with values",
      () => ["v"],
      async (input) => (await pool.execute("SELECT ? AS a", input))[0],
    );
    await handOdd("query", async (input) => (await pool.query(input))[0]);
    await handOdd("values of a query", async (input) => (await pool.query("SELECT 1", input))[0]);
    await pool.end();
    const connection = library.createConnection(url);
    await hand("query of options, by callback", options, (input) => {
      const { promise: done, resolve, reject } = Promise.withResolvers();
      connection.query(input, (error, rows) => (error ? reject(error) : resolve(rows)));
      return done;
    });
    connection.end();
  },

  async mysql({ library, url, hand, handOdd }) {
    const pool = library.createPool(`${url}?connectionLimit=1`);
    const query = (...args) => {
      const { promise, resolve, reject } = Promise.withResolvers();
      pool.query(...args, (error, rows) => (error ? reject(error) : resolve(rows)));
      return promise;
    };
    await hand(
      "query of options",
      () => ({ sql: "SELECT ? AS a", values: ["v"] }),
      (input) => query(input),
    );
    await hand(
      "query with values",
      () => ["v"],
      (input) => query("SELECT ? AS a", input),
    );
    await hand("callback", () => "SELECT 1 AS a", thisOf(pool));
    await hand(
      "events",
      () => "SELECT 1 AS a",
      (input) => keysOf(pool.query(input)),
    );
    await handOdd("query", (input) => query(input));
    await handOdd("values of a query", (input) => query("SELECT 1 AS a", input));
    await new Promise((resolve) => pool.end(resolve));
  },

  async ioredis({ library, url, hand, handOdd }) {
    const Redis = library.default ?? library;
    const client = new Redis(url);
    await hand(
      "mset",
      () => ({ a: "1" }),
      (input) => client.mset(input),
    );
    await hand(
      "del",
      () => ["a", "b"],
      (input) => client.del(input),
    );
    await hand(
      "pipeline",
      () => [
        ["set", "a", "1"],
        ["get", "a"],
      ],
      (input) => client.pipeline(input).exec(),
    );
    await hand(
      "multi",
      () => [["get", "a"]],
      (input) => client.multi(input).exec(),
    );
    await handOdd("key", (input) => client.get(input));
    await handOdd("command", (input) => client.call(input));
    await handOdd("pipeline of oddities", (input) => client.pipeline(input).exec());
    client.disconnect();
  },

  async redis({ library, url, hand, handOdd }) {
    const client = library.createClient({ url });
    await client.connect();
    await hand(
      "sendCommand",
      () => ["SET", "a", "1"],
      (input) => client.sendCommand(input),
    );
    await hand(
      "mSet",
      () => ({ a: "1" }),
      (input) => client.mSet(input),
    );
    await hand(
      "set with options",
      () => ({ EX: 10 }),
      (input) => client.set("a", "1", input),
    );
    await handOdd("key", (input) => client.get(input));
    await client.disconnect();
  },

  async mongodb({ library: { MongoClient }, url, hand, handOdd }) {
    const client = await MongoClient.connect(url);
    const collection = client.db("inputs").collection("inputs");
    await collection.deleteMany({});
    await collection.insertOne({ _id: 1, a: 1 });
    await hand(
      "find",
      () => ({ filter: { a: 1, b: { $exists: false } }, options: { limit: 1, sort: { a: 1 } } }),
      ({ filter, options }) => collection.find(filter, options).toArray(),
    );
    await hand(
      "updateOne",
      () => ({ filter: { _id: 1 }, change: { $set: { a: 1 } }, options: { upsert: false } }),
      async ({ filter, change, options }) =>
        (await collection.updateOne(filter, change, options)).matchedCount,
    );
    await hand(
      "aggregate",
      () => [{ $match: { a: 1 } }],
      (input) => collection.aggregate(input).toArray(),
    );
    await handOdd("filter", (input) => collection.find(input).toArray());
    await handOdd("change", async (input) => {
      return (await collection.updateOne({ _id: 1 }, input)).matchedCount;
    });
    await client.close();
  },

  async memcached({ library: Memcached, url, hand, handOdd }) {
    // The defaults are five seconds, which a busy host may take to respond.
    const client = new Memcached(url, { timeout: 60_000, idle: 60_000 });
    const call = (method, ...args) => {
      const { promise, resolve, reject } = Promise.withResolvers();
      client[method](...args, (error, result) => (error ? reject(error) : resolve(result)));
      return promise;
    };
    await hand(
      "set",
      () => ({ a: 1 }),
      (input) => call("set", "a", input, 10),
    );
    await hand(
      "getMulti",
      () => ["a", "b"],
      (input) => call("getMulti", input),
    );
    await handOdd("key", (input) => call("get", input));
    await handOdd("value", (input) => call("set", "a", input, 1));
    client.end();
  },

  async dataloader({ library: DataLoader, hand, handOdd }) {
    const options = () => ({ cache: false, maxBatchSize: 2 });
    await hand("options", options, (input) =>
      new DataLoader(async (keys) => keys.map((key) => key * 2), input).load(1),
    );
    const loader = new DataLoader(async (keys) => keys, options());
    await hand(
      "loadMany",
      () => [1, 2, 3],
      (input) => loader.loadMany(input),
    );
    await handOdd("key", (input) => loader.load(input));
    await handOdd("keys", (input) => loader.loadMany(input));
    await handOdd("batch function", (input) => new DataLoader(input).load(1));
    await handOdd("options, of", (input) => new DataLoader(async (keys) => keys, input).load(1));
  },

  async "generic-pool"({ library: { createPool }, hand }) {
    await hand(
      "options",
      () => ({ factory: { create: async () => 1, destroy: async () => {} }, options: { max: 1 } }),
      async ({ factory, options }) => {
        const pool = createPool(factory, options);
        const resource = await pool.acquire();
        await pool.release(resource);
        await pool.drain();
        await pool.clear();
        return resource;
      },
    );
  },

  async "lru-memoizer"({ library, hand, handOdd }) {
    const memoize = library.default ?? library;
    await hand(
      "options",
      () => ({ load: (key, done) => done(null, `${key}!`), hash: (key) => key, max: 10 }),
      (input) => {
        const { promise, resolve, reject } = Promise.withResolvers();
        memoize(input)("a", (error, value) => (error ? reject(error) : resolve(value)));
        return promise;
      },
    );
    await handOdd("options", (input) => typeof memoize(input));
  },

  async "express-rate-limit"({ library, hand, handOdd }) {
    const rateLimit = library.rateLimit ?? library;
    const statuses = (input) => {
      const limiter = rateLimit(input);
      return limitedStatuses((args) => limiter(...args));
    };
    const options = () => ({
      windowMs: 60_000,
      max: 1,
      validate: false,
      keyGenerator: () => "me",
      skip: () => false,
      handler: (_request, response) => response.writeHead(418).end(),
    });
    await hand("options", options, statuses);
    await handOdd("options", (input) => typeof rateLimit(input));
  },

  async "@fastify/rate-limit"({ library, require, hand, handOdd }) {
    const fastify = require("fastify");
    const limit = () => ({ max: 1, timeWindow: 60_000, onExceeded() {}, keyGenerator: () => "me" });
    const statuses = async (settings, config, handler) => {
      const app = fastify();
      await app.register(library, settings);
      const preHandler = handler && app.rateLimit(handler);
      app.get("/", { config, ...(preHandler && { preHandler }) }, async () => "ok");
      const responses = [await app.inject("/"), await app.inject("/")];
      await app.close();
      return responses.map(({ statusCode }) => statusCode);
    };
    await hand("settings", limit, (input) => statuses(input, {}));
    await hand(
      "config",
      () => ({ rateLimit: { ...limit(), groupId: "login" } }),
      (input) => statuses({}, input),
    );
    await hand("handler", limit, (input) => statuses({ global: false }, {}, input));
    await handOdd("settings", (input) => statuses(input, {}));
    await handOdd("rateLimit", (rateLimit) => statuses({}, { rateLimit }));
    await handOdd("onExceeded", (onExceeded) =>
      statuses({ max: 1 }, { rateLimit: { max: 1, onExceeded } }),
    );
  },

  async "rate-limiter-flexible"({ library, hand, handOdd }) {
    const { RateLimiterMemory, RateLimiterUnion, BurstyRateLimiter } = library;
    const limits = () => ({ points: 1, duration: 60, keyPrefix: "a" });
    const plain = (limiter, ...args) =>
      limiter.consume(...args).catch((rejection) => [rejection.constructor.name, `${rejection}`]);
    await hand("options", limits, (input) => plain(new RateLimiterMemory(input), "me", 2));
    await hand(
      "call options",
      () => ({ customDuration: 7 }),
      (input) => plain(new RateLimiterMemory(limits()), "me", 2, input),
    );
    await handOdd("options", (input) => typeof new RateLimiterMemory(input));
    await handOdd("key", (input) => plain(new RateLimiterMemory(limits()), input, 2));
    await handOdd("points", (input) => plain(new RateLimiterMemory(limits()), "me", input));
    await handOdd("limiter", (input) => plain(new RateLimiterUnion(input), "me", 2));
    await handOdd("burst", (input) =>
      plain(new BurstyRateLimiter(new RateLimiterMemory(limits()), input), "me", 2),
    );
  },

  async openai({ library: OpenAI, hand, handOdd }) {
    const answer = {
      id: "c",
      model: "gpt-local",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "hi" } }],
    };
    const server = await served((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    });
    const client = new OpenAI({ apiKey: "local", baseURL: server.url, maxRetries: 0 });
    const chat = (input) => client.chat.completions.create(input);
    await hand(
      "chat",
      () => ({ model: "gpt-local", messages: [{ role: "user", content: "hello" }] }),
      async (input) => (await chat(input)).choices[0].message.content,
    );
    await hand(
      "chat with parts",
      () => ({
        model: "gpt-local",
        messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
        tools: [{ type: "function", function: { name: "f", parameters: {} } }],
      }),
      async (input) => (await chat(input)).choices[0].message.content,
    );
    await hand(
      "chat of nonsense",
      () => ({ model: 1, messages: "hello" }),
      async (input) => (await chat(input)).choices[0].message.content,
    );
    await handOdd("chat", async (input) => (await chat(input)).choices[0].message.content);
    await handOdd("messages", async (messages) => {
      return (await chat({ model: "gpt-local", messages })).choices[0].message.content;
    });
    await server.close();
  },

  async "@grpc/grpc-js"({ library: grpc, hand }) {
    const text = {
      requestSerialize: Buffer.from,
      requestDeserialize: String,
      responseSerialize: Buffer.from,
      responseDeserialize: String,
      requestStream: false,
      responseStream: false,
      path: "/shop.Stock/Count",
    };
    const server = new grpc.Server();
    server.addService({ count: text }, { count: (call, done) => done(null, call.request) });
    const port = await new Promise((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const Client = grpc.makeGenericClientConstructor({ count: text }, "Stock", {});
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set("own", "1");
    await hand(
      "call",
      () => ({ propagate_flags: 0 }),
      async (input) => {
        const answer = await new Promise((resolve, reject) => {
          client.count("b", metadata, input, (error, value) =>
            error ? reject(error) : resolve(value),
          );
        });
        return { answer, metadata: metadata.getMap() };
      },
    );
    client.close();
    await new Promise((resolve) => server.tryShutdown(resolve));
  },

  async "node:http"({ hand, handOdd }) {
    const server = await served((_request, response) => response.end("b"));
    const { hostname, port } = new URL(server.url);
    const ask = (...args) => {
      const { promise, resolve, reject } = Promise.withResolvers();
      http.get(...args, (response) => resolve(response.resume().statusCode)).on("error", reject);
      return promise;
    };
    await hand(
      "options",
      () => ({ hostname, port, path: "/", headers: { own: "1" } }),
      (input) => ask(input),
    );
    await hand(
      "headers as a list",
      () => ["host", "a", "own", "1"],
      (headers) => ask({ hostname, port, path: "/", headers }),
    );
    await hand(
      "fetch",
      () => ({ method: "GET", headers: { own: "1" } }),
      async (input) => (await fetch(server.url, input)).text(),
    );
    await hand(
      "fetch with headers as a list",
      () => ({ headers: [["own", "1"]] }),
      async (input) => (await fetch(server.url, input)).text(),
    );
    await handOdd("headers", (headers) => ask({ hostname, port, path: "/", headers }));
    await handOdd("headers of fetch", async (headers) =>
      (await fetch(server.url, { headers })).text(),
    );
    await handOdd("init of fetch", async (input) => (await fetch(server.url, input)).text());
    await server.close();
  },
};

/** Returns the statuses of two requests that pass through a middleware. */
async function limitedStatuses(limit) {
  const server = await served((...args) => limit([...args, () => args[1].end()]));
  const statuses = [];
  for (let sent = 0; sent < 2; sent++) statuses.push((await fetch(server.url)).status);
  await server.close();
  return statuses;
}

async function served(listener) {
  const server = http.createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close").catch(() => {});
    },
  };
}

/** What a callback of a query has as its `this`. */
function thisOf(pool) {
  return (input) =>
    new Promise((resolve) => {
      pool.query(input, function (error) {
        resolve([error, this?.constructor.name, ...keysOf(this)]);
      });
    });
}

function keysOf(value) {
  return Object.keys(value ?? {});
}
