import { fail } from "../../../integration/concurrency/apps/work.mjs";

/** Functions that the handlers of all apps call. */
export { fail };

/** Resolves after a while. */
export function answer(id) {
  return new Promise((resolve) => setImmediate(resolve, { id }));
}

/** @throws Error with the name of the place */
export function throwAt(what) {
  throw new Error(`failed ${what}`);
}

/** Rejects after a while, with the name of the place. */
export async function rejectAt(what) {
  await answer(what);
  throwAt(what);
}

/** @throws Error to which frameworks respond with 400 */
export function refuse(what) {
  throw Object.assign(new Error(`refused ${what}`), { status: 400, statusCode: 400, expose: true });
}

/** Supports frameworks without promises. */
export async function answerWith(next, promise) {
  try {
    await promise;
  } catch (error) {
    next(error);
  }
}

/** Returns the class, function or object that a module exports, however it was loaded. */
export function main(library) {
  const inner = library.default ?? library;
  return inner.default ?? inner;
}

/** Resolves with the port of a server once it is listening. */
export function listening(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("listening", () => resolve({ port: server.address().port }));
  });
}
