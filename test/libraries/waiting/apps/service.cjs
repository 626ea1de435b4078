const { createServer } = require("node:http");
const { trace } = require("@opentelemetry/api");

const USERS = 3;

/**
 * Serves `GET /way/round/user`, which calls a library in that way as soon as the
 * requests of all users have arrived, so that their calls are concurrent and
 * queued. When its own result arrives, the app writes a log line, starts a span
 * and captures an error.
 */
module.exports = async function serve(ways) {
  const { setUser, captureException } = await import(process.env.TELLTALE);
  const clients = new Map();
  const gathered = gathering();
  const server = createServer(async (request, response) => {
    const [, way, , user] = request.url.split("/");
    if (way === "") return response.end(String(await end(clients, ways, server)));
    setUser({ id: user });
    const { make, ask } = ways[decodeURIComponent(way)];
    await gathered();
    if (!clients.has(way)) clients.set(way, make?.());
    let answers = 0;
    const answer = (error) => {
      if (++answers > 1) return;
      console.log(`line of ${request.url}`);
      trace.getTracer("app").startSpan(`span of ${request.url}`).end();
      captureException(new Error(`error of ${request.url}`));
      response.statusCode = error ? 500 : 200;
      response.end(String(error?.stack ?? ""));
    };
    try {
      const asked = ask(clients.get(way), answer);
      // A way without `done` is finished when its promise settles.
      if (ask.length < 2) asked.then(() => answer(), answer);
      else if (asked instanceof Promise) await asked;
    } catch (error) {
      answer(error);
    }
  });
  server.listen(0, "127.0.0.1", () => {
    const counts = Object.entries(ways).map(([name, { calls }]) => [name, calls ?? null]);
    process.stdout.write(`${JSON.stringify([server.address().port, counts])}\n`);
  });
};

function gathering() {
  let waiting = [];
  return async () => {
    await new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < USERS) return;
      for (const go of waiting) go();
      waiting = [];
    });
  };
}

async function end(clients, ways, server) {
  server.close();
  server.closeIdleConnections();
  for (const [way, client] of clients) await ways[decodeURIComponent(way)].end?.(client);
}
