const { spawn, spawnSync } = require("node:child_process");
const cluster = require("node:cluster");
const http = require("node:http");
const { Worker } = require("node:worker_threads");
const { trace } = require("@opentelemetry/api");

/* Programs that receive a signal. They print "ready" first, then the test sends the signal unless they send it themselves. */
const ways = {
  computes() {
    ready();
    for (;;);
  },
  waits() {
    ready();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  waitsForChild() {
    ready();
    spawnSync("tail", ["--pid", String(process.pid), "-f", "/dev/null"]);
    console.log("waited to the end");
  },
  idles() {
    setInterval(() => {}, 1000);
    ready();
  },
  listensForRequests() {
    http.createServer().listen(0, "127.0.0.1", ready);
  },
  listensAndComputes() {
    http.createServer().listen(0, "127.0.0.1", () => {
      ready();
      for (;;);
    });
  },
  passesOn() {
    const child = spawn("sh", ["-c", "kill -TERM $$"]);
    child.on("exit", (code, signal) => {
      if (signal) process.kill(process.pid, signal);
      else process.exit(code);
    });
  },
  passesOnAfterWork() {
    work();
    ways.passesOn();
  },
  kills() {
    process.kill(process.pid, "SIGINT");
    console.log("lives");
  },
  killsAfterWork() {
    work();
    process.kill(process.pid);
    console.log("lives");
  },
  killsByNumberAfterWork() {
    work();
    process.kill(String(process.pid), 2);
    console.log("lives");
  },
  killsOtherwiseAfterWork() {
    work();
    process.kill(process.pid, "SIGUSR2");
    console.log("lives");
  },
  killsWithListener() {
    work();
    process.on("SIGTERM", (...args) => {
      console.log("heard", ...args);
      process.exit(7);
    });
    setInterval(() => {}, 1000);
    process.kill(process.pid, "SIGTERM");
    console.log("lives");
  },
  probes() {
    work();
    console.log(process.kill(process.pid, 0));
  },
  asksForNonsense() {
    work();
    for (const signal of ["SIGNONSENSE", 1000]) {
      try {
        process.kill(process.pid, signal);
      } catch (error) {
        console.log(error.code);
      }
    }
  },
  emitsByHand() {
    work();
    process.emit("SIGTERM", "SIGTERM");
  },
  emitsToItsListeners() {
    work();
    process.on("SIGTERM", (...args) => console.log("heard", ...args));
    console.log(process.emit("SIGTERM", "SIGTERM", 15));
  },
  removesListeners() {
    const listener = () => console.log("heard");
    process.on("SIGTERM", listener);
    process.off("SIGTERM", listener);
    ready();
    for (;;);
  },
  listensOnce() {
    setInterval(() => {}, 1000);
    process.once("SIGTERM", () => {
      console.log("once");
      ready();
      for (;;);
    });
    ready();
  },
  countsListeners() {
    console.log(process.listenerCount("SIGTERM"), process.listenerCount("SIGINT"));
  },
  computesInThread() {
    new Worker("for (;;);", { eval: true }).on("online", ready);
  },
  endsThread() {
    const thread = new Worker("process.exit(4)", { eval: true });
    thread.on("exit", (code) => console.log("thread ended", code));
  },
  signalsFromThread() {
    setInterval(() => {}, 1000);
    const thread = new Worker("process.kill(process.pid, 'SIGTERM'); for (;;);", { eval: true });
    thread.on("exit", () => console.log("thread ended"));
  },
  leadsCluster() {
    if (!cluster.isPrimary) return setInterval(() => {}, 1000);
    cluster.fork().on("online", ready);
  },
  disconnectsCluster() {
    if (!cluster.isPrimary) return setInterval(() => {}, 1000).unref();
    const worker = cluster.fork();
    worker.on("online", () => worker.disconnect());
    worker.on("exit", (code, signal) => console.log("worker ended", code, signal));
  },
  idlesAfterWork() {
    work();
    setInterval(() => {}, 1000);
    ready();
  },
  /** Until nothing is unsent, so that telltale does not listen any more. */
  idlesLongAfterWork() {
    work();
    setInterval(() => {}, 1000);
    const look = setInterval(() => {
      if (process.argv[3] !== "bare" && process.listenerCount("SIGTERM") > 0) return;
      clearInterval(look);
      ready();
    }, 20);
  },
  restartsUnderNodemon() {
    work();
    setInterval(() => {}, 1000);
    process.once("SIGUSR2", () => process.kill(process.pid, "SIGUSR2"));
    ready();
  },
  listensBeforeExit() {
    let turns = 0;
    for (const name of ["first", "second"])
      process.on("beforeExit", (code) => console.log(name, code, turns));
    process.on("beforeExit", () => {
      if (turns++ === 0) setTimeout(work, 1);
    });
  },
  endsThreadAfterWork() {
    work();
    ways.endsThread();
  },
  disconnectsClusterAfterWork() {
    if (!cluster.isPrimary) work();
    ways.disconnectsCluster();
  },
  computesAfterWork() {
    work();
    ready();
    for (;;);
  },
  computesLongAfterWork() {
    work();
    // Until nothing is unsent, as seen on the admin server.
    const look = setInterval(() => {
      if (process.argv[3] === "bare" || process.listenerCount("SIGTERM") === 0) {
        clearInterval(look);
        ready();
        for (;;);
      }
    }, 20);
  },
};

function ready() {
  console.log("ready");
}

function work() {
  trace.getTracer("signals").startSpan("work").end();
}

ways[process.argv[2]]();
