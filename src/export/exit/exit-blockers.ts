/**
 * An operation that may keep the process alive though its socket is unref'd: a
 * request to libuv (look up a name, connect, write) has no `unref`. A host that
 * drops SYNs, or a peer that stops reading, would delay the exit for as long as the
 * kernel tries.
 */
export interface ExitBlocker {
  /** Whether it waits for the kernel; once false, it stays false. */
  isBlocking(): boolean;
  /** Cancels it, so that it can be sent again later. Must not throw. */
  cancel(): void;
}

/** Interval of the checks, in milliseconds. */
const CHECK_MS = 50;

/**
 * How long the exit waits for an operation, in milliseconds. This is enough for a
 * distant peer with TLS. And Node does not list every job of its thread pool, so an
 * app that waits for one looks idle.
 */
const GRACE_PERIOD_MS = 250;

/**
 * The names of such requests in `process.getActiveResourcesInfo()`. The lookup of a
 * name cannot be cancelled, only what would follow it; `process.exit` waits for its
 * thread too (glibc's timeout is 10 s).
 */
const requestKinds = /^(ConnectWrap|GetAddrInfoReqWrap|\w*WriteWrap)$/;

/** The operations that are watched, and the timer that checks them. */
class ExitBlockerWatch {
  /** When each started, in the milliseconds of `performance.now()`. */
  readonly #startedAt = new Map<ExitBlocker, number>();
  #timer: NodeJS.Timeout | undefined = undefined;

  add(blocker: ExitBlocker): void {
    this.#startedAt.set(blocker, performance.now());
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  #check(): void {
    for (const blocker of this.#startedAt.keys()) {
      if (!blocker.isBlocking()) this.#startedAt.delete(blocker);
    }
    if (this.#startedAt.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const latestStart = Math.max(...this.#startedAt.values());
    if (performance.now() - latestStart < GRACE_PERIOD_MS) return;
    if (!isKeptAliveByOthers(this.#startedAt.size)) this.#cancelAll();
  }

  #cancelAll(): void {
    const blockers = [...this.#startedAt.keys()];
    this.#startedAt.clear();
    for (const blocker of blockers) blocker.cancel();
  }
}

const watch = new ExitBlockerWatch();

/**
 * Cancels the operation, and all others like it, as soon as nothing else keeps the
 * process alive. Then the process ends, and the exit sends once more, within its
 * deadline. If the process goes on after all, the owner retries.
 */
export function cancelWhenIdle(blocker: ExitBlocker): void {
  watch.add(blocker);
}

/** Counts resources as the app's unless they are known to be telltale's or idle. */
function isKeptAliveByOthers(blockerCount: number): boolean {
  const active = process.getActiveResourcesInfo();
  const requests = active.filter((kind) => requestKinds.test(kind)).length;
  if (requests > blockerCount) return true;
  const others = active.length - requests;
  return others > 0 && others > countIdleStreams();
}

/**
 * Counts the listed standard streams that are not being read: Node lists every open
 * pipe and terminal, but libuv waits only for those that are read. Streams that were
 * never used are not open, and accessing `process.stdin` would open it.
 */
function countIdleStreams(): number {
  // Undocumented, but the only way to distinguish them (on 22, 24 and 26).
  const { _getActiveHandles: list } = process as { _getActiveHandles?: () => readonly StdStream[] };
  const streams = list?.().filter(({ fd }) => fd === 0 || fd === 1 || fd === 2) ?? [];
  return streams.filter((stream) => stream._handle?.reading !== true).length;
}

interface StdStream {
  readonly fd?: number;
  readonly _handle?: { readonly reading?: boolean };
}
