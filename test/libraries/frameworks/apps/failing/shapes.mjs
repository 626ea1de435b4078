import { once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";

/** The failures of the apps in this folder, each produced in its framework's own way. */

export function fail(what) {
  console.log(`fails ${what}`);
  return new Error(`failed ${what}`);
}

/** The same object for each request; not frozen, because Koa 2 crashes on a frozen error. */
export const CONSTANT = new Error("failed constant");

export function refusal() {
  return Object.assign(new Error("refused"), { status: 400, statusCode: 400, expose: true });
}

/** Waits until headers or a response have been sent. */
export function pause() {
  return setTimeout(20);
}

/** Produces one row and then fails. */
export function brokenStream() {
  return Readable.from(
    (async function* rows() {
      yield "row";
      await pause();
      throw fail("stream");
    })(),
    { objectMode: false },
  );
}

/** Runs until the client disconnects. */
export function endlessStream() {
  return Readable.from(
    (async function* rows() {
      for (;;) {
        yield "row";
        await pause();
      }
    })(),
    { objectMode: false },
  );
}

/**
 * Resolves after the server has noticed that the client disconnected. The client
 * disconnects when it reads that the app is waiting.
 */
export async function left(response) {
  // Connect and Restify remove the mount path from the URL.
  const { originalUrl, url } = response.req;
  console.log(`waits ${originalUrl ?? url}`);
  if (!response.destroyed) await once(response, "close");
  await pause();
}
