import { AsyncResource } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import express from "express";

const { captureException, job, keepTrace } = await import(process.env.TELLTALE);
const tracer = trace.getTracer("late");
const app = express();
const gate = Promise.withResolvers();

process.on("unhandledRejection", () => {});

/** Captures an error with this message. */
const fail = (message) => void captureException(new Error(message));

/** Work that outlives its response, and fails soon. */
const late = {
  promise: async (text) => {
    await pause(5);
    fail(text);
  },
  timeout: (text) => setTimeout(fail, 5, text),
  immediate: (text) => setImmediate(fail, text),
  tick: (text) => process.nextTick(fail, text),
  emitter: (text) => {
    const emitter = new EventEmitter().once("event", fail);
    setTimeout(() => emitter.emit("event", text), 5);
  },
  rejection: async (text) => {
    await pause(5);
    throw new Error(text);
  },
  finish: (text, response) => response.once("finish", () => setImmediate(fail, text)),
  close: (text, response) => response.once("close", () => fail(text)),
  "ended-span": (text) => {
    tracer.startActiveSpan("ended", (span) => {
      setTimeout(fail, 10, text);
      span.end();
    });
  },
  "running-span": (text) => {
    tracer.startActiveSpan("running", async (span) => {
      await pause(5);
      fail(text);
      span.end();
    });
  },
  "leaked-span": (text) => {
    tracer.startActiveSpan("leaked", () => setTimeout(fail, 5, text));
  },
  "new-span": async (text) => {
    await pause(5);
    tracer.startActiveSpan("new", (span) => {
      fail(text);
      span.end();
    });
  },
  job: (text) => setTimeout(() => job("late-job", () => fail(text))(), 5),
  "failed-job": (text) =>
    setTimeout(() => job("failed-job", () => rejection(text))().catch(() => {}), 5),
  "after-job": (text) => job("quick-job", () => void setTimeout(fail, 10, text))(),
  "nested-job": (text) => {
    job("outer-job", () => job("inner-job", () => void setTimeout(fail, 10, text))())();
  },
};

const rejection = async (text) => {
  throw new Error(text);
};

/** Work that fails when its trace has been dropped. */
const forgotten = {
  root: (text) => gate.promise.then(() => fail(text)),
  "ended-span": (text) =>
    tracer.startActiveSpan("ended", (span) => {
      span.end();
      return gate.promise.then(() => fail(text));
    }),
  "running-span": (text) =>
    tracer.startActiveSpan("running", async (span) => {
      await gate.promise;
      fail(text);
      span.end();
    }),
  "new-span": async (text) => {
    await gate.promise;
    tracer.startActiveSpan("new", (span) => {
      fail(text);
      span.end();
    });
  },
  "other-span": (text) => {
    tracer.startSpan("other").end();
    return gate.promise.then(() => fail(text));
  },
  twice: async (text) => {
    tracer.startSpan("other").end();
    await gate.promise;
    fail(`${text} (1)`);
    tracer.startActiveSpan("between", (span) => span.end());
    tracer.startActiveSpan("second", (span) => {
      fail(`${text} (2)`);
      span.end();
    });
  },
  kept: async () => {
    await gate.promise;
    keepTrace();
    tracer.startSpan("after").end();
  },
};

app.get("/late/:kind", (request, response) => {
  late[request.params.kind](`late ${request.params.kind}`, response);
  response.send("responded");
});
app.get("/forgotten/:kind", (request, response) => {
  void forgotten[request.params.kind](`forgotten ${request.params.kind}`);
  response.send("responded");
});
app.get("/open", (_request, response) => {
  gate.resolve();
  response.send("open");
});
app.get("/fatal", () => {
  tracer.startActiveSpan("fatal", () => {
    setTimeout(() => {
      throw new Error("fatal");
    }, 1);
  });
});

const server = app.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
/** A protocol of its own: each chunk is a message that fails, in the context of its handshake. */
server.on("upgrade", (_request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  const onMessage = async (message) => {
    fail(`socket ${message}`);
    const response = await fetch(`http://127.0.0.1:${server.address().port}/late/promise`);
    socket.write(await response.text());
  };
  // As libraries for WebSockets do.
  socket.on("data", AsyncResource.bind(onMessage));
  socket.on("error", () => {});
});
await once(server, "listening");
console.log(
  `kinds ${JSON.stringify({ late: Object.keys(late), forgotten: Object.keys(forgotten) })}`,
);
