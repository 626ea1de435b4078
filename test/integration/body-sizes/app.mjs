// Receives and sends bodies of known and unknown sizes, on one connection, and prints the metrics page.
import { createServer, Agent, request } from "node:http";
import { text } from "node:stream/consumers";

const ADMIN = process.env.OTEL_EXPORTER_PROMETHEUS_PORT;

/** Longer than any pause of a busy machine between two requests. */
const keepAliveTimeout = 600_000;

const server = createServer({ keepAliveTimeout }, async (incoming, response) => {
  await text(incoming);
  if (incoming.url === "/chunks") {
    response.write("x".repeat(500));
    // Later, so that no version of Node joins the two.
    setImmediate(() => response.end("x".repeat(1500)));
  } else if (incoming.url === "/empty") {
    response.writeHead(204).end();
  } else {
    response.end("x".repeat(50_000));
  }
}).listen(0, "127.0.0.1", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path, method, body, headers = {}) =>
    new Promise((resolve) => {
      const { port } = server.address();
      const options = { host: "127.0.0.1", port, path, method, agent, headers };
      request(options, (response) => resolve(text(response))).end(body);
    });
  await ask("/", "GET");
  await ask("/", "HEAD");
  await ask("/chunks", "GET");
  await ask("/empty", "POST", "y".repeat(300));
  await ask("/", "PUT", "z".repeat(70_000), { "transfer-encoding": "chunked" });
  agent.destroy();
  console.log(await (await fetch(`http://127.0.0.1:${ADMIN}/metrics`)).text());
  server.close();
});
