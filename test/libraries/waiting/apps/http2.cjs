const { connect, createServer } = require("node:http2");

/** One session to a server in the same process. */
module.exports = async () => {
  /** What the responses to requests that time out first wait for, by path. */
  const timeouts = new Map();
  const server = createServer((asked, response) => {
    if (asked.url === "/broken") return setTimeout(() => response.stream.close(2), 5);
    const timeout = timeouts.get(asked.url);
    if (timeout !== undefined) return timeout.then(() => response.end("a"));
    setTimeout(() => response.end("a"), 5);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const session = {
    make: () => connect(`http://127.0.0.1:${server.address().port}`),
    end: (one) => one.close(),
  };
  const way = (event, path = "/") => ({
    ...session,
    ask(one, done) {
      const stream = one.request({ ":path": path });
      stream.on("error", () => {}).resume();
      stream.on(event, () => done());
      stream.end();
    },
  });
  return {
    response: way("response"),
    data: way("data"),
    end: way("end"),
    close: way("close"),
    error: way("error", "/broken"),
    "setTimeout(callback)": {
      ...session,
      ask(one, done) {
        const path = `/timeout/${timeouts.size}`;
        const { promise, resolve } = Promise.withResolvers();
        timeouts.set(path, promise);
        const stream = one.request({ ":path": path });
        stream.resume().setTimeout(2, () => {
          done();
          resolve();
        });
        stream.end();
      },
    },
  };
};
