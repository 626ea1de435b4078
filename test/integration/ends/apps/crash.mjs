import { createServer } from "node:http";

/* A service that ends during its first request, in the way given by its argument. */
const ways = {
  throw() {
    throw new Error("crash");
  },
  timer() {
    setTimeout(() => {
      throw new Error("crash");
    }, 1);
  },
  rejection() {
    Promise.reject(new Error("crash"));
  },
  listener() {
    // Logs the reason of the exit, as loggers do.
    process.on("uncaughtException", (error) => {
      console.error(`dying of ${error.message}`);
      process.exit(7);
    });
    throw new Error("crash");
  },
  async await() {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error("crash");
  },
  body(request) {
    request.on("data", () => {
      throw new Error("crash");
    });
  },
  exit() {
    process.exit(3);
  },
  exitAfterAnswer(_request, response) {
    response.end("bye");
    process.exit(3);
  },
  signal() {
    console.log("here");
  },
};

const server = createServer((request, response) => {
  ways[process.argv[2]](request, response);
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
