const { createServer } = require("node:http");
const { PassThrough } = require("node:stream");

/** Node's `fetch` and the package, with one connection to a server in the same process. */
module.exports = async ({ load, installed }) => {
  const { Agent, Client, fetch: ownFetch, Pool, RetryAgent } = load(installed);
  const tried = new Set();
  const server = createServer((asked, response) => {
    asked.resume();
    if (asked.url.startsWith("/again") && !tried.has(asked.url)) {
      tried.add(asked.url);
      response.statusCode = 503;
    }
    setTimeout(() => response.end("a"), 5);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const origin = `http://127.0.0.1:${server.address().port}`;
  const end = (one) => one.close();
  const agent = { make: () => new Agent({ connections: 2 }), end };
  const client = { make: () => new Client(origin), end };
  const pool = { make: () => new Pool(origin, { connections: 1 }), end };
  const request = { path: "/", method: "GET" };
  const read = async ({ body }) => body.text();
  let rounds = 0;
  const ways = {
    "agent.request()": {
      ...agent,
      ask: (one) => one.request({ origin, ...request }).then(read),
    },
    "agent.request(callback)": {
      ...agent,
      ask: (one, done) =>
        one.request({ origin, ...request }, (error, response) => {
          response?.body.resume();
          done(error);
        }),
    },
    "data of the body": {
      ...agent,
      ask: (one, done) =>
        one.request({ origin, ...request }, (_, { body }) => body.once("data", () => done())),
    },
    "client.request(callback)": {
      ...client,
      ask: (one, done) =>
        one.request(request, (error, response) => {
          response?.body.resume();
          done(error);
        }),
    },
    "pool.request()": {
      ...pool,
      ask: (one) => one.request(request).then(read),
    },
    "pool.request(callback)": {
      ...pool,
      ask: (one, done) =>
        one.request(request, (error, response) => {
          response?.body.resume();
          done(error);
        }),
    },
    "pool.stream(callback)": {
      ...pool,
      ask: (one, done) => one.stream(request, () => new PassThrough().resume(), done),
    },
    "stream of pool.pipeline()": {
      ...pool,
      ask: (one, done) =>
        one
          .pipeline(request, ({ body }) => body)
          .once("data", () => done())
          .end(),
    },
    "handler of pool.dispatch()": {
      ...pool,
      ask: (one, done) =>
        void one.dispatch(request, {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => done(),
          onResponseError: (_, error) => done(error),
        }),
    },
    "fetch of the package": {
      ...agent,
      ask: (one) => ownFetch(origin, { dispatcher: one }).then((response) => response.text()),
    },
    "fetch of Node": {
      ask: () => fetch(origin).then((response) => response.text()),
    },
  };
  if (RetryAgent === undefined) return ways;
  return {
    ...ways,
    "retries of an agent": {
      make: () =>
        new RetryAgent(new Agent({ connections: 1 }), { minTimeout: 5, statusCodes: [503] }),
      end,
      ask: (one) => one.request({ origin, path: `/again/${rounds++}`, method: "GET" }).then(read),
      calls: 2,
    },
  };
};
