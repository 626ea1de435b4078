import { Context, ROOT } from "./context.ts";
import { activeContext, enter } from "./manager.ts";
import type { Work } from "./work.ts";

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
export class MessageLoop<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterator<T>;
  readonly #begin: (message: T) => Work | undefined;
  #outer: Context | undefined = undefined;
  #first: Context | undefined = undefined;
  #work: Work | undefined = undefined;

  /** @param begin undefined for what is no message; must not throw. */
  constructor(inner: AsyncIterator<T>, begin: (message: T) => Work | undefined) {
    this.#inner = inner;
    this.#begin = begin;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(...args: [] | [unknown]): Promise<IteratorResult<T>> {
    this.#leave();
    const context = this.#wait();
    return this.#inner.next(...(args as [])).then((result) => {
      if (result.done !== true) this.#arrive(result.value, context);
      return result;
    });
  }

  return(value?: unknown): Promise<IteratorResult<T>> {
    this.#stop();
    return this.#inner.return?.(value) ?? Promise.resolve({ done: true, value });
  }

  throw(error?: unknown): Promise<IteratorResult<T>> {
    this.#stop();
    if (this.#inner.throw !== undefined) return this.#inner.throw(error);
    return Promise.reject(error);
  }

  #wait(): Context {
    const outer = (this.#outer ??= ownContext());
    const context = outer.copy();
    this.#first ??= context;
    enter(context);
    return context;
  }

  #arrive(message: T, context: Context): void {
    this.#work = this.#begin(message);
    if (this.#work !== undefined) context.become(this.#work.context);
  }

  #leave(): void {
    this.#work?.end();
    this.#work = undefined;
    if (this.#outer !== undefined) this.#first?.become(this.#outer);
  }

  #stop(): void {
    this.#leave();
    if (this.#outer !== undefined) enter(this.#outer);
  }
}

/** A context that somebody else's manager made has no place for a message. */
function ownContext(): Context {
  const active = activeContext();
  return active instanceof Context ? active : ROOT;
}
