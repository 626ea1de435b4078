/*
 * An app that calls each function in two concurrent requests, and prints what they return.
 * Arguments: the file of its Sentry, whether it calls `init`, and whose functions it calls.
 */
const [file, initializes, caller] = process.argv.slice(2);
const Sentry = require(file);
if (initializes === "yes") Sentry.init({});
const api = caller === "telltale" ? require("../../../../dist/index.cjs") : Sentry;

// Loaded after Sentry's setup, which patches it.
const { createServer } = require("node:http");
const { connect } = require("node:net");
const { once } = require("node:events");

const { promise: bothWait, resolve: continueBoth } = Promise.withResolvers();
let waiting = 0;
function both() {
  waiting++;
  if (waiting === 2) continueBoth();
  return bothWait;
}

function setData(id) {
  api.setUser({ id });
  api.setTag("tag", id);
  api.setTags({ tags: id });
  api.setExtra("extra", id);
  api.setExtras({ extras: id });
  api.setContext("order", { id });
  api.addBreadcrumb({ message: `breadcrumb ${id}` });
  console.log(`line ${id}`);
}

async function callAll(id) {
  setData(id);
  await both();
  const errorId = api.captureException(new Error(`error ${id}`));
  // 8.0 has none.
  const lastId = api.lastEventId?.();
  api.captureMessage(`message ${id}`);
  const scoped = api.withScope((scope) => {
    scope.setTag("scoped", id);
    api.captureMessage(`scoped ${id}`);
    return id;
  });
  const isolated = api.withIsolationScope(() => {
    api.setTag("isolated", id);
    api.captureMessage(`isolated ${id}`);
    return id;
  });
  api.captureMessage(`after ${id}`);
  api.captureFeedback({ message: `feedback ${id}`, associatedEventId: errorId });
  const monitorSlug = `by-hand-${id}`;
  const checkInId = api.captureCheckIn({ monitorSlug, status: "in_progress" });
  api.captureCheckIn({ monitorSlug, status: "ok", checkInId, duration: 1 });
  const monitored = await api.withMonitor(`monitored-${id}`, async () => id);
  return { id, errorId, lastId, scoped, isolated, monitored };
}

async function main() {
  const results = [];
  const server = createServer(async (request, response) => {
    results.push(await callAll(request.url.slice(1)));
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await Promise.all([get(server, "/1"), get(server, "/2")]);
  server.close();
  const isFlushed = await api.flush(60_000);
  console.log(`\n${JSON.stringify({ results, isFlushed })}`);
}

/** Requests over a plain socket, to which no copy of Sentry adds headers. */
async function get(server, path) {
  const socket = connect(server.address().port, "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  socket.resume();
  await once(socket, "close");
}

void main();
