import { isErrorInstance } from "../../../logs/data-property.ts";
import { linesInFlight } from "./lines-in-flight.ts";

type Child = (this: never, ...args: unknown[]) => object;

type Write = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Wraps the method that creates child loggers. A child copies what it is to write, and
 * with that loses which error it was. Its only own property is its `write`, which can't
 * be redefined, so the child is created again with a wrapped one.
 */
export function wrapChild(original: Child): Child {
  return function child(...args) {
    const created: object = original.apply(this, args);
    const descriptors = Object.getOwnPropertyDescriptors<Partial<Record<string, unknown>>>(created);
    const write: unknown = descriptors["write"]?.value;
    if (typeof write !== "function") return created;
    const value = wrapWrite(write as Write);
    const prototype = Object.getPrototypeOf(created) as object;
    return Object.create(prototype, {
      ...descriptors,
      write: { ...descriptors["write"], value },
    }) as object;
  };
}

function wrapWrite(original: Write): Write {
  return function write(...args) {
    const outer = linesInFlight.childError;
    const [info] = args;
    if (isErrorInstance(info)) linesInFlight.childError = info;
    try {
      return original.apply(this, args);
    } finally {
      linesInFlight.childError = outer;
    }
  };
}
