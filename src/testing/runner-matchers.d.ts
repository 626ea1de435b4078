import type { ItemOf, Pattern } from "./observation/matching.ts";

/** The matchers of `expect` after `expect.extend(matchers)`. */
export interface SeenMatchers<Result> {
  /** Passes if a span matches. */
  toHaveSpan(pattern: Pattern<ItemOf<"spans">>): Result;
  /** Passes if a log record matches. */
  toHaveLog(pattern: Pattern<ItemOf<"logs">>): Result;
  /** Passes if a series has changed that matches. */
  toHaveMetric(pattern: Pattern<ItemOf<"metrics">>): Result;
  /** Passes if an event of Sentry matches. */
  toHaveEvent(pattern: Pattern<ItemOf<"events">>): Result;
  /** Passes if a query matches. */
  toHaveQuery(pattern: Pattern<ItemOf<"queries">>): Result;
}

/*
 * The types of `expect`, of runners that may be installed or not: in a declaration file an
 * augmented module need not exist. Type parameters have to be those of the runner.
 */
declare global {
  // vitest: a matcher is a method of `Chai.Assertion`.
  namespace Chai {
    interface Assertion extends SeenMatchers<void> {}
  }
  // jest with @types/jest.
  namespace jest {
    interface Matchers<R, T> extends SeenMatchers<R> {}
  }
}

// jest with @jest/globals.
declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T> extends SeenMatchers<R> {}
}
