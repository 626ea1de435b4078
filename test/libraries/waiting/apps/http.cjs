const { Agent, createServer, get, request } = require("node:http");

/** An agent with one connection to a server in the same process. */
module.exports = async () => {
  /** What the responses to requests that time out first wait for, by path. */
  const timeouts = new Map();
  const server = createServer((asked, response) => {
    asked.resume();
    if (asked.url === "/broken") return setTimeout(() => asked.socket.destroy(), 5);
    const timeout = timeouts.get(asked.url);
    if (timeout !== undefined) return timeout.then(() => response.end("a"));
    setTimeout(() => response.end("a"), 5);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const url = `http://127.0.0.1:${server.address().port}`;
  const agent = {
    make: () => new Agent({ keepAlive: true, maxSockets: 1 }),
    end: (one) => one.destroy(),
  };
  const way = (follow, path = "/", options = {}) => ({
    ...agent,
    ask: (one, done) =>
      follow(
        get(url + path, { agent: one, ...options }).on("error", () => {}),
        () => done(),
      ),
  });
  const wayOfTimeout = (follow, options = {}) => ({
    ...agent,
    ask(one, done) {
      const path = `/timeout/${timeouts.size}`;
      const { promise, resolve } = Promise.withResolvers();
      timeouts.set(path, promise);
      const asked = get(url + path, { agent: one, ...options }).on("error", () => {});
      follow(
        asked.on("response", (response) => response.resume()),
        () => {
          done();
          resolve();
        },
      );
    },
  });
  return {
    response: way((asked, done) => asked.on("response", (response) => (response.resume(), done()))),
    "data of the response": way((asked, done) =>
      asked.on("response", (response) => response.on("data", done)),
    ),
    "end of the response": way((asked, done) =>
      asked.on("response", (response) => response.resume().on("end", done)),
    ),
    "close of the response": way((asked, done) =>
      asked.on("response", (response) => response.resume().on("close", done)),
    ),
    "socket of the request": way((asked, done) =>
      asked.on("response", (response) => response.resume()).on("socket", done),
    ),
    "close of the request": way((asked, done) =>
      asked.on("response", (response) => response.resume()).on("close", done),
    ),
    "finish of the request": way((asked, done) =>
      asked.on("response", (response) => response.resume()).on("finish", done),
    ),
    "error of the request": way((asked, done) => asked.on("error", done), "/broken"),
    "timeout of the request": wayOfTimeout((asked, done) => asked.on("timeout", done), {
      timeout: 20,
    }),
    "setTimeout(callback)": wayOfTimeout((asked, done) => asked.setTimeout(20, done)),
    "end(callback)": {
      ...agent,
      ask: (one, done) =>
        request(url, { agent: one, method: "POST" })
          .on("error", () => {})
          .on("response", (response) => response.resume())
          .end("text", () => done()),
    },
  };
};
