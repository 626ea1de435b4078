import { once } from "node:events";
import diagnosticsChannel from "node:diagnostics_channel";
import http from "node:http";
import https from "node:https";
import Module, { createRequire } from "node:module";

/*
 * Prints as JSON everything that a preload may change in a process: listeners, patched
 * prototypes, subscribed channels, globals, open handles, loaded files.
 */

const require = createRequire(import.meta.url);
const { loaded } = require("./footprint.cjs");

const server = http.createServer((_request, response) => response.end("hello"));
await once(server.listen(0, "127.0.0.1"), "listening");
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
await response.text();

const channels = [
  "http.client.request.created",
  "http.client.response.finish",
  "http.client.request.error",
  "http.server.request.start",
  "http.server.response.finish",
  "undici:request:create",
  "undici:request:headers",
];

/** Returns own properties, and whether functions are native. */
function shapeOf(object) {
  const all = Object.getOwnPropertyDescriptors(object);
  return Reflect.ownKeys(all).map((name) => {
    const { value } = all[name];
    return typeof value === "function"
      ? `${String(name)} ${value.length} ${value.name}`
      : String(name);
  });
}

console.log(
  JSON.stringify({
    headers: [...response.headers.keys()],
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    shapes: [http.Server, https.Server, http.ServerResponse, http.ClientRequest, Module].flatMap(
      ({ prototype, name }) => shapeOf(prototype).map((one) => `${name} ${one}`),
    ),
    channels: channels.filter((name) => diagnosticsChannel.hasSubscribers(name)),
    globals: Reflect.ownKeys(globalThis).map(String),
    resources: process.getActiveResourcesInfo(),
    files: Object.keys(Module._cache).map((path) => path.split("/").at(-1)),
    stackDepth: [Error.stackTraceLimit],
    loaded: [loaded],
  }),
);
server.close();
server.closeAllConnections();
