/** An object of the app's library, or a function that returns the current one. */
export type Target<T extends object> = T | (() => T);

/** @throws if the app's function throws or returns nothing. */
export function targetOf<T extends object>(target: Target<T>): T {
  const found = typeof target === "function" ? target() : target;
  if (found === undefined || found === null) throw new Error("there is no client");
  return found;
}
