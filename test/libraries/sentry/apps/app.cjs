/*
 * An app that sets up Sentry as Sentry documents it. Arguments: the package, the
 * scenario and the options.
 */
const { connect } = require("node:net");
const { once } = require("node:events");
const { setTimeout: sleep } = require("node:timers/promises");
const telltale = require("../../../../dist/index.cjs");

const [, what = "", options = "{}"] = process.argv.slice(2);

const scenarios = {
  uncaught: () => void setTimeout(() => throwIt(new Error("uncaught")), 10),
  text: () => void setTimeout(() => throwIt("a text"), 10),
  frozen: () => void setTimeout(() => throwIt(Object.freeze(new Error("frozen"))), 10),
  async rejection(Sentry) {
    await sleep(10);
    void Promise.reject(new Error("rejected"));
    await sleep(10);
    await Sentry.flush(60_000);
  },
  async logged(Sentry) {
    console.error("one line", new Error("logged"));
    Sentry.captureException(new Error("captured"));
    await Sentry.flush(60_000);
  },
  requests,
  calls,
};

function throwIt(error) {
  throw error;
}

async function requests(Sentry) {
  // Loaded after Sentry's setup, which patches it.
  const express = require("express");
  const app = express();
  const both = barrier(2);
  app.get("/orders/:id", async (request, response) => {
    Sentry.setUser({ id: `user-${request.params.id}` });
    await both();
    Sentry.withScope((scope) => {
      scope.setTag("inside", request.params.id);
      Sentry.captureException(new Error(`order ${request.params.id}`));
    });
    response.send("done");
  });
  app.get("/fails", () => throwIt(new Error("a route")));
  Sentry.setupExpressErrorHandler(app);
  app.use((error, request, response, _next) => void response.status(500).send(error.message));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  await Promise.all([get(server, "/orders/1"), get(server, "/orders/2")]);
  await get(server, "/fails");
  server.close();
  await Sentry.flush(60_000);
}

/** Two concurrent requests that call telltale's functions. Prints whether their results are as expected. */
async function calls(Sentry) {
  const express = require("express");
  const app = express();
  const both = barrier(2);
  app.get("/orders/:id", async (request, response) => {
    const { id } = request.params;
    telltale.setTags({ order: id });
    telltale.setExtra("one", id);
    telltale.setExtras({ two: id });
    await telltale.withIsolationScope(async (scope) => {
      scope.setTag("inner", id);
      telltale.setUser({ id: `inner-${id}` });
      await both();
    });
    const context = { level: "warning", tags: { own: id } };
    const eventId = telltale.captureMessage(`order ${id}`, context);
    const ids = [telltale.lastEventId(), Sentry.lastEventId()];
    const inScope = telltale.withScope((scope) => {
      scope.setTag("inside", id);
      return telltale.captureMessage(`order ${id} in a scope`, "fatal");
    });
    ids.push(telltale.lastEventId(), Sentry.lastEventId());
    const expected = [eventId, eventId, inScope, inScope];
    console.log(JSON.stringify(ids) === JSON.stringify(expected));
    response.send("done");
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  await Promise.all([get(server, "/orders/1"), get(server, "/orders/2")]);
  server.close();
  console.log(await telltale.flush(60_000));
}

/** Requests over a plain socket, to which no copy of Sentry adds headers. */
async function get(server, path) {
  const socket = connect(server.address().port, "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  socket.resume();
  await once(socket, "close");
}

/** Resolves all promises when `size` callers wait. */
function barrier(count) {
  const { promise, resolve } = Promise.withResolvers();
  let waiting = 0;
  return () => {
    waiting++;
    if (waiting === count) resolve();
    return promise;
  };
}

let isSetUp = false;

exports.setUp = (Sentry) => {
  const { drops, ...given } = JSON.parse(options);
  // The default is two seconds, which a busy host may take to send a fatal error.
  const shutdownTimeout = 60_000;
  Sentry.init({ shutdownTimeout, ...given, ...(drops && { beforeSend: () => null }) });
  isSetUp = true;
};

exports.main = async (Sentry) => {
  if (!isSetUp) exports.setUp(Sentry);
  await scenarios[what](Sentry);
};
