import { Context, ROOT_CONTEXT } from "./context.ts";
import { activeContext, enterContext } from "./manager.ts";
import type { UnitOfWorkHandle } from "./messaging.ts";

/**
 * Iterator of messages, each of which is a unit of work until the next one is
 * requested: `for await (const message of subscription) { … }`.
 *
 * No call of telltale surrounds the body of such a loop. But `next` is called by the
 * function that runs the loop, which continues in the context that is active when it
 * starts to await. So each `next` activates a new, empty context, which is replaced
 * with that of the message once there is one. The first `next` may be called before
 * the loop's function has awaited anything. Then the context is active for its caller,
 * too, and so it is emptied afterwards.
 *
 * The iterator does not learn of an error in the body, so no unit of work fails here.
 */
export class TracedAsyncIterator<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterator<T>;
  readonly #startUnit: (message: T) => UnitOfWorkHandle | undefined;
  #outerContext: Context | undefined = undefined;
  #firstContext: Context | undefined = undefined;
  #unit: UnitOfWorkHandle | undefined = undefined;

  /** @param startUnit returns undefined for values that are no messages; must not throw. */
  constructor(inner: AsyncIterator<T>, startUnit: (message: T) => UnitOfWorkHandle | undefined) {
    this.#inner = inner;
    this.#startUnit = startUnit;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(...args: [] | [unknown]): Promise<IteratorResult<T>> {
    this.#endUnit();
    const context = this.#enterEmptyContext();
    return this.#inner.next(...(args as [])).then((result) => {
      if (result.done !== true) this.#onMessage(result.value, context);
      return result;
    });
  }

  return(value?: unknown): Promise<IteratorResult<T>> {
    this.#stopIteration();
    return this.#inner.return?.(value) ?? Promise.resolve({ done: true, value });
  }

  throw(error?: unknown): Promise<IteratorResult<T>> {
    this.#stopIteration();
    if (this.#inner.throw !== undefined) return this.#inner.throw(error);
    return Promise.reject(error);
  }

  #enterEmptyContext(): Context {
    const outer = (this.#outerContext ??= activeOwnContext());
    const context = outer.copy();
    this.#firstContext ??= context;
    enterContext(context);
    return context;
  }

  #onMessage(message: T, context: Context): void {
    this.#unit = this.#startUnit(message);
    if (this.#unit !== undefined) context.replaceWith(this.#unit.context);
  }

  #endUnit(): void {
    this.#unit?.end();
    this.#unit = undefined;
    if (this.#outerContext !== undefined) this.#firstContext?.replaceWith(this.#outerContext);
  }

  #stopIteration(): void {
    this.#endUnit();
    if (this.#outerContext !== undefined) enterContext(this.#outerContext);
  }
}

/** Returns the active context, or the root where another context manager has created it. */
function activeOwnContext(): Context {
  const active = activeContext();
  return active instanceof Context ? active : ROOT_CONTEXT;
}
