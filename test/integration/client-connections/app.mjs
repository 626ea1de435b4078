// Opens connections with node:http and fetch, uses, leaves and closes them, and prints the state of
// the metrics after each step as a line of JSON: the server's port and the page.
import { Agent, createServer, get } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

const ADMIN = process.env.OTEL_EXPORTER_PROMETHEUS_PORT;
const held = [];

/** Only the app closes connections, however slow the machine is. */
const keepAliveTimeout = 600_000;

const server = createServer({ keepAliveTimeout }, (request, response) => {
  if (request.url === "/held") held.push(response);
  else response.end("x");
}).listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const agent = new Agent({ keepAlive: true });
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, agent };
      get(options, (response) => resolve(text(response))).once("error", reject);
    });
  const fetched = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const show = async () => {
    const response = await fetch(`http://127.0.0.1:${ADMIN}/metrics`);
    const page = await response.text();
    console.log(JSON.stringify({ port, page }));
    return page;
  };
  await ask("/");
  await fetched("/");
  await show();
  const calls = [ask("/held"), ask("/held"), fetched("/held")];
  while (held.length < 3) await wait(5);
  await show();
  for (const response of held) response.end("x");
  await Promise.all(calls);
  await show();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  agent.destroy();
  // The clients notice it later.
  const isOpen = new RegExp(
    `^http_client_open_connections\\{.*server_port="${port}"[^}]*\\} [1-9]`,
    "m",
  );
  while (isOpen.test(await show())) await wait(5);
});
