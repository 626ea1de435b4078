import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";

/*
 * Sends one request to itself and exits. It first loads the modules of its arguments,
 * with `require` if they have the prefix `require:`. Prints the response and the
 * listeners of the process as JSON.
 */

const require = createRequire(import.meta.url);
for (const path of process.argv.slice(2)) {
  if (path.startsWith("require:")) require(path.slice("require:".length));
  else await import(path);
}

const server = createServer((_request, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
const answer = await response.text();
const ids = response.headers.get("x-request-id")?.split(", ").length ?? 0;
const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
console.log(JSON.stringify({ answer, ids, listeners: Object.fromEntries(listeners) }));
server.close();
server.closeAllConnections();
