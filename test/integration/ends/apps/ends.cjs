const { EventEmitter } = require("node:events");
const http = require("node:http");
const net = require("node:net");

/**
 * Ends of a program, each right after some work.
 *
 * @param tracer of the API, without effect in a process without preload.
 * @param log a winston logger.
 */
module.exports = function endsOf(tracer, log) {
  function work() {
    spans();
    for (let at = 0; at < 150; at++) log.info(`line ${at}`);
  }

  /** In the first tick, winston's lines would be lost: it writes them in the next one. */
  function spans() {
    for (let at = 0; at < 300; at++) tracer.startSpan(`span ${at}`).end();
  }

  /** Runs until it is killed. */
  function stay() {
    console.log("ready");
    return setInterval(() => {}, 1000);
  }

  return {
    normal() {
      setImmediate(work);
    },
    exitCode() {
      process.exitCode = 5;
      setImmediate(work);
    },
    exit() {
      setImmediate(() => {
        work();
        process.exit(3);
      });
    },
    throwAtTop() {
      spans();
      throw new Error("at the top");
    },
    throwInTimer() {
      setTimeout(() => {
        work();
        throw new RangeError("in a timer");
      }, 1);
    },
    rejectAtTop() {
      spans();
      Promise.reject(new TypeError("rejected"));
    },
    rejectLater() {
      setImmediate(() => {
        work();
        Promise.reject(new TypeError("rejected"));
      });
    },
    errorEvent() {
      setImmediate(() => {
        work();
        new EventEmitter().emit("error", new Error("no listener"));
      });
    },
    serverError(port) {
      spans();
      net.createServer().listen(Number(port), "127.0.0.1");
    },
    httpServerError(port) {
      spans();
      http.createServer().listen(Number(port), "127.0.0.1");
    },
    signal() {
      setImmediate(() => {
        work();
        stay();
      });
    },
    sigtermListener() {
      process.on("SIGTERM", () => {
        work();
        clearInterval(timer);
      });
      const timer = stay();
    },
    sigintListener() {
      process.on("SIGINT", () => {
        work();
        process.exit(130);
      });
      stay();
    },
    abort() {
      setImmediate(() => {
        work();
        process.abort();
      });
    },
    memory() {
      setImmediate(() => {
        work();
        const kept = [];
        for (;;) kept.push(Array.from({ length: 1000 }, () => kept.length));
      });
    },
    exitListener() {
      setImmediate(() => process.on("exit", work));
    },
    tenListeners() {
      for (let at = 0; at < 10; at++) {
        for (const event of ["exit", "SIGTERM", "SIGINT"]) process.on(event, () => {});
      }
      setImmediate(work);
    },
    exitByHand() {
      process.emit("exit", 0);
      setImmediate(() => setImmediate(work));
    },
    exitListenerAtOnce() {
      setImmediate(() => {
        process.on("exit", work);
        process.exit(4);
      });
    },
    exitListenerThatExits() {
      process.on("exit", () => {
        work();
        process.exit(9);
      });
    },
    exceptionListener() {
      process.on("uncaughtException", (error) => {
        console.log(error.message);
        process.exit(6);
      });
      setImmediate(() => {
        work();
        throw new Error("listened to");
      });
    },
    beforeExit() {
      process.once("beforeExit", () => setImmediate(work));
    },
    onceListener() {
      process.once("SIGTERM", () => {
        work();
        console.log("ready again");
      });
      stay();
    },
    firstListenerOnce() {
      process.prependOnceListener("SIGTERM", () => {
        work();
        clearInterval(timer);
      });
      const timer = stay();
    },
    /** Like the package `signal-exit`. */
    lonelyListener() {
      process.on("SIGTERM", function lonely() {
        work();
        if (process.listeners("SIGTERM").length > 1) return;
        process.off("SIGTERM", lonely);
        process.kill(process.pid, "SIGTERM");
      });
      stay();
    },
    listenersRemoved() {
      setImmediate(() => {
        process.on("SIGTERM", () => {});
        process.removeAllListeners("SIGTERM");
        work();
        stay();
      });
    },
  };
};
