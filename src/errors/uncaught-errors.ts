import type { FatalOrigin } from "./api.ts";

/** Handlers of errors that reach the process; neither may throw. */
export interface UncaughtErrorHandlers {
  /** Called with an unhandled error, which ends the process unless the app listens for it. */
  readonly onFatal: (error: unknown, origin: FatalOrigin) => void;
  /** Called with an unhandled rejection that the process survives. */
  readonly onRejection: (reason: unknown) => void;
}

const UNHANDLED_REJECTION = "unhandledRejection";

/**
 * Watches for unhandled errors without changing their consequences: exit code and
 * stderr stay the same in every `--unhandled-rejections` mode.
 *
 * `uncaughtExceptionMonitor` reports uncaught exceptions and rejections that Node
 * makes fatal, without side effects. Node takes a listener for `unhandledRejection`
 * as a sign that the app handles rejections. So telltale's listener exists only while
 * the app has one, and runs before it, since many of them end the process. (Wrapping
 * `process.emit` instead would need no listener, but would add a frame to the stack
 * of every error that is created in any listener on the process.)
 *
 * | mode | app without a listener | app with a listener |
 * | --- | --- | --- |
 * | `throw` (default) | fatal | captured |
 * | `strict` | fatal | fatal |
 * | `warn`, `none` | captured | captured |
 * | `warn-with-error-code` | not captured: a listener would change the exit code | captured |
 *
 * @param flags Node's flags, from the command line and from `NODE_OPTIONS`.
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

/** Whether Node behaves the same with a listener as without, which depends on the mode. */
function isListenerNeutral(flags: readonly string[]): boolean {
  let mode: string | undefined;
  for (const [at, flag] of flags.entries()) {
    const [name = "", value] = flag.split("=", 2);
    // Node accepts underscores for dashes.
    if (name.replaceAll("_", "-") === "--unhandled-rejections") mode = value ?? flags[at + 1];
  }
  return mode === "warn" || mode === "none";
}

/** telltale's listener for unhandled rejections, which is added and removed with the app's. */
class RejectionListener {
  readonly #handlers: UncaughtErrorHandlers;
  /** Whether the rejection was already reported as fatal, before the event, as in `strict` mode. */
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

  /** Adds the listener before the app's first, and removes it with the app's last. */
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
