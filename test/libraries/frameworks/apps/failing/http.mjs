import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import { pipeline } from "node:stream";
import { handlers } from "../../../error-sources/apps/thrown.mjs";
import { listening } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause } from "./shapes.mjs";

/** An app without a framework: `captureRejections` of Node responds for a listener that rejects. */
const paths = {
  "/rejects": async () => {
    await pause();
    throw fail("rejects");
  },
  "/constant": async () => {
    throw CONSTANT;
  },
  "/late": async (response) => {
    response.write("row");
    await pause();
    throw fail("late");
  },
  "/stream": async (response) => {
    pipeline(brokenStream(), response, () => {});
  },
  "/endless": async (response) => {
    pipeline(endlessStream(), response, () => {});
  },
  "/destroyed": async (response) => {
    response.write("row");
    await pause();
    response.destroy(fail("destroyed"));
  },
  "/after": async (response) => {
    response.end("all");
    await pause();
    throw fail("after");
  },
  "/left": async (response) => {
    await left(response);
    throw fail("left");
  },
};

export function serve() {
  EventEmitter.captureRejections = true;
  const server = createServer(async ({ url }, response) => {
    const [, place, value] = url.split("/");
    if (value === undefined) return paths[url](response);
    return handlers[place](value, (status) => response.writeHead(status).end("sent"));
  });
  return listening(server.listen(0, "127.0.0.1"));
}
