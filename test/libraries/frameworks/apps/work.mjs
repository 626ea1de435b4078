import { fail } from "../../../integration/concurrency/apps/work.mjs";

/** What the handlers of all apps do. */
export { fail };

/** Something to wait for. */
export function answer(id) {
  return new Promise((resolve) => setImmediate(resolve, { id }));
}

/** @throws Error that says where */
export function throwAt(what) {
  throw new Error(`failed ${what}`);
}

/** Rejects with an error that says where, after a while. */
export async function rejectAt(what) {
  await answer(what);
  throwAt(what);
}

/** @throws Error with which frameworks answer 400 */
export function refuse(what) {
  throw Object.assign(new Error(`refused ${what}`), { status: 400, statusCode: 400, expose: true });
}

/** For frameworks that know nothing of promises. */
export async function answerWith(next, promise) {
  try {
    await promise;
  } catch (error) {
    next(error);
  }
}

/** The class, function or object that a module is for, whichever way it was loaded. */
export function main(library) {
  const inner = library.default ?? library;
  return inner.default ?? inner;
}

/** Resolves with the port of a server once it listens. */
export function listening(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("listening", () => resolve({ port: server.address().port }));
  });
}
