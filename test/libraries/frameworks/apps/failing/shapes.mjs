import { once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";

/** What the apps of this folder fail with, each in its framework's own way. */

export function fail(what) {
  console.log(`fails ${what}`);
  return new Error(`failed ${what}`);
}

/** The same for each request; not frozen, which Koa 2 would die of. */
export const CONSTANT = new Error("failed constant");

export function refusal() {
  return Object.assign(new Error("refused"), { status: 400, statusCode: 400, expose: true });
}

/** Long enough for a head to be out, or for an answer to be there. */
export function pause() {
  return setTimeout(20);
}

/** Of which the first row comes. */
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

/** Until the client has enough. */
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

/** Resolves once the client has left, and that is known; it leaves when it reads that it is waited for. */
export async function left(response) {
  // Connect and Restify cut the mount off the URL.
  const { originalUrl, url } = response.req;
  console.log(`waits ${originalUrl ?? url}`);
  if (!response.destroyed) await once(response, "close");
  await pause();
}
