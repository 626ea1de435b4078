const { createServer } = require("node:http");

/**
 * Serves one step of a database program per request: `GET /name` runs
 * `steps.name()`, and then sends a message to Sentry. After `GET /end` the process has
 * nothing left to do.
 */
module.exports = function serve({ steps, end }) {
  const server = createServer(async (request, response) => {
    const name = request.url.slice(1);
    try {
      const value = await (name === "end" ? end() : steps[name]());
      globalThis[Symbol.for("telltale")]?.errors.captureMessage(name);
      response.end(JSON.stringify(value ?? null));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error?.stack));
    }
    if (name === "end") server.close();
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
};
