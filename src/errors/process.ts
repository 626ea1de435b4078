import type { FatalOrigin } from "./errors.ts";

/** What the process tells us; neither function may throw. */
export interface ProcessWatcher {
  /** Node found an error that nobody handled; unless the app listens, the process dies of it. */
  readonly onFatal: (error: unknown, origin: FatalOrigin) => void;
  /** A rejection that nobody handled, and that the process survives. */
  readonly onRejection: (reason: unknown) => void;
}

type Emit = (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Watches for errors that nobody handles, without a say in what comes of them:
 * exit code and stderr stay what they were in every `--unhandled-rejections`
 * mode (tried on 22.15, 24 and 26).
 *
 * Uncaught exceptions are told by `uncaughtExceptionMonitor`, which changes
 * nothing. There is no such monitor for rejections, and a listener for
 * `unhandledRejection` is Node's sign that the app deals with them; so the
 * event is seen in `process.emit`, which Node calls for it, and no listener is
 * added that an app could count, copy or remove.
 *
 * | mode | without a listener of the app's | with one |
 * | --- | --- | --- |
 * | `throw` (default) | fatal, by the monitor | captured before it runs |
 * | `strict` | fatal, by the monitor | fatal, by the monitor |
 * | `warn`, `none` | captured, the process goes on | captured before it runs |
 * | `warn-with-error-code` | captured, the process goes on | captured before it runs |
 */
export function watchProcess(watcher: ProcessWatcher): void {
  const rejections = new Rejections(watcher);
  process.on("uncaughtExceptionMonitor", (error: unknown, origin: FatalOrigin) => {
    rejections.becameFatal(origin);
    watcher.onFatal(error, origin);
  });
  const inherited = Object.hasOwn(process, "emit") ? (process.emit as Emit) : undefined;
  const emit: Emit = function (this: NodeJS.Process, event, ...args) {
    const next = inherited ?? (Object.getPrototypeOf(process) as { emit: Emit }).emit;
    if (event !== "unhandledRejection") return Reflect.apply(next, this, [event, ...args]);
    rejections.before(args[0]);
    return rejections.after(args[0], Reflect.apply(next, this, [event, ...args]));
  };
  Object.defineProperty(process, "emit", {
    value: emit,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** Tells a rejection that the process survives from one that it dies of. */
class Rejections {
  readonly #watcher: ProcessWatcher;
  /** The last one emitted without a listener; Node may make it fatal in the same turn. */
  #latest: Undecided | undefined = undefined;
  /** Fatal before it was emitted, as `strict` does it: the event that follows is no news. */
  #raisedFirst = false;

  constructor(watcher: ProcessWatcher) {
    this.#watcher = watcher;
  }

  /** Captured before the app's listeners run: many of them end the process. */
  before(reason: unknown): void {
    if (process.listenerCount("unhandledRejection") === 0 || this.#raisedFirst) return;
    this.#watcher.onRejection(reason);
  }

  after(reason: unknown, handled: boolean): boolean {
    if (!handled && !this.#raisedFirst) this.#decideLater({ reason, fatal: false });
    this.#raisedFirst = false;
    return handled;
  }

  becameFatal(origin: FatalOrigin): void {
    if (origin !== "unhandledRejection") return;
    if (this.#latest === undefined) this.#raisedFirst = true;
    else this.#latest.fatal = true;
    this.#latest = undefined;
  }

  #decideLater(undecided: Undecided): void {
    this.#latest = undecided;
    process.nextTick(() => {
      if (this.#latest === undecided) this.#latest = undefined;
      if (!undecided.fatal) this.#watcher.onRejection(undecided.reason);
    });
  }
}

interface Undecided {
  readonly reason: unknown;
  fatal: boolean;
}
