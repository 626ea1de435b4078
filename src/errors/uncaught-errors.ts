import type { FatalOrigin } from "./api.ts";

/** What the process tells us; neither function may throw. */
export interface UncaughtErrorHandlers {
  /** Node found an error that nobody handled; unless the app listens, the process dies of it. */
  readonly onFatal: (error: unknown, origin: FatalOrigin) => void;
  /** A rejection that nobody handled, and that the process survives. */
  readonly onRejection: (reason: unknown) => void;
}

const UNHANDLED_REJECTION = "unhandledRejection";

/**
 * Watches for errors that nobody handles, without a say in what comes of them:
 * exit code and stderr stay what they were in every `--unhandled-rejections`
 * mode.
 *
 * Uncaught exceptions, and rejections that Node makes fatal, are told by
 * `uncaughtExceptionMonitor`, which changes nothing. A listener for
 * `unhandledRejection` is Node's sign that the app deals with rejections, so
 * ours is there only while the app has one, before it: many of them end the
 * process. (To see the event in a wrapped `process.emit` instead needs no
 * listener, but puts a frame of ours into the stack of every error that is made
 * in any listener on the process.)
 *
 * | mode | without a listener of the app's | with one |
 * | --- | --- | --- |
 * | `throw` (default) | fatal | captured |
 * | `strict` | fatal | fatal |
 * | `warn`, `none` | captured | captured |
 * | `warn-with-error-code` | not captured: a listener would change the exit code | captured |
 *
 * @param flags Node's, from the command line and from `NODE_OPTIONS`
 */
export function watchUncaughtErrors(
  handlers: UncaughtErrorHandlers,
  flags: readonly string[],
): void {
  const rejectionListener = new RejectionListener(handlers);
  process.on("uncaughtExceptionMonitor", (error: unknown, origin: FatalOrigin) => {
    rejectionListener.markFatal(origin);
    handlers.onFatal(error, origin);
  });
  if (isListenerNeutral(flags)) process.on(UNHANDLED_REJECTION, rejectionListener.listener);
  else rejectionListener.followAppListeners();
}

/** In these modes Node does the same with a listener as without. */
function isListenerNeutral(flags: readonly string[]): boolean {
  let mode: string | undefined;
  for (const [at, flag] of flags.entries()) {
    const [name = "", value] = flag.split("=", 2);
    // Node takes underscores for dashes.
    if (name.replaceAll("_", "-") === "--unhandled-rejections") mode = value ?? flags[at + 1];
  }
  return mode === "warn" || mode === "none";
}

/** Our listener for rejections, and when it is there. */
class RejectionListener {
  readonly #handlers: UncaughtErrorHandlers;
  /** Fatal before the event, as `strict` does it: the event that follows is no news. */
  #wasFatal = false;

  constructor(handlers: UncaughtErrorHandlers) {
    this.#handlers = handlers;
  }

  readonly listener = (reason: unknown): void => {
    if (!this.#wasFatal) this.#handlers.onRejection(reason);
  };

  markFatal(origin: FatalOrigin): void {
    if (origin !== UNHANDLED_REJECTION) return;
    this.#wasFatal = true;
    process.nextTick(() => {
      this.#wasFatal = false;
    });
  }

  /** Comes before the app's first listener and goes with its last. */
  followAppListeners(): void {
    const { listener } = this;
    if (process.listenerCount(UNHANDLED_REJECTION) > 0)
      process.prependListener(UNHANDLED_REJECTION, listener);
    process.on("newListener", (event: string | symbol, added: unknown) => {
      if (event !== UNHANDLED_REJECTION || added === listener) return;
      if (!process.listeners(UNHANDLED_REJECTION).includes(listener))
        process.prependListener(UNHANDLED_REJECTION, listener);
    });
    process.on("removeListener", (event: string | symbol, removed: unknown) => {
      if (event !== UNHANDLED_REJECTION || removed === listener) return;
      if (process.listeners(UNHANDLED_REJECTION).every((other) => other === listener)) {
        process.removeListener(UNHANDLED_REJECTION, listener);
      }
    });
  }
}
