import type { Span } from "@opentelemetry/api";
import { type Context, ROOT_CONTEXT } from "../context.ts";

/*
 * The context that a thread was started in, by the environment of its process or by the thread
 * that has created it. It is active outside of any unit of work, for a limited time.
 */

/** One for each thread: like the storage of contexts. */
const state: {
  context: Context | undefined;
  /** Stays after the end, so that contexts that have captured it are recognized. */
  span: Span | undefined;
  /** On the clock of `performance.now()`. */
  endsAt: number;
} = { context: undefined, span: undefined, endsAt: 0 };

/** Sets the context that this thread was started in, for `lifetimeMs`. */
export function setProcessContext(context: Context, lifetimeMs: number): void {
  state.context = context;
  state.span = context.span;
  state.endsAt = performance.now() + lifetimeMs;
}

/** Ends it: the thread does work that arrived by itself, so it is no part of what has started it. */
export function endProcessContext(): void {
  state.context = undefined;
}

/** Returns the context outside of any unit of work. */
export function processContext(): Context {
  return state.context === undefined ? ROOT_CONTEXT : unexpiredContext();
}

function unexpiredContext(): Context {
  if (performance.now() >= state.endsAt) endProcessContext();
  return state.context ?? ROOT_CONTEXT;
}

/** Whether the thread was started in a context that is still active. */
export function hasProcessContext(): boolean {
  return processContext() !== ROOT_CONTEXT;
}

/** Whether a span is the one of the context that this thread was started in. */
export function isProcessSpan(span: Span | undefined): boolean {
  return span !== undefined && span === state.span;
}
