import { Context, ROOT_CONTEXT } from "./context.ts";
import { activeContext, enterContext } from "./manager.ts";
import type { UnitOfWorkHandle } from "./messaging.ts";

/**
 * An iterator of messages, each of which is a unit of work until the next one is
 * asked for: `for await (const message of subscription) { … }`.
 *
 * No call of ours surrounds the body of such a loop. But `next` is called by the
 * function that runs the loop, which carries on under whatever context is active
 * when it begins to wait. So each `next` enters a context of its own that is
 * empty as yet, and that becomes the message's when there is one. The first
 * `next` may be called before the loop's function has waited for anything; then
 * its caller gets to see that context, too, and so it is emptied afterwards.
 *
 * That the body has thrown nobody tells the iterator, so no work fails here.
 */
export class TracedAsyncIterator<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterator<T>;
  readonly #startUnit: (message: T) => UnitOfWorkHandle | undefined;
  #outerContext: Context | undefined = undefined;
  #firstContext: Context | undefined = undefined;
  #unit: UnitOfWorkHandle | undefined = undefined;

  /** @param startUnit undefined for what is no message; must not throw. */
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

/** A context that somebody else's manager made has no place for a message. */
function activeOwnContext(): Context {
  const active = activeContext();
  return active instanceof Context ? active : ROOT_CONTEXT;
}
