/**
 * Something of ours that may hold the process though its socket is unref'd:
 * libuv waits for what it has begun, and a request to it (look up a name,
 * connect, write) has no `unref`. A host that answers no SYN, or a peer that
 * stops to read, would hold the end for as long as the kernel tries.
 */
export interface ExitBlocker {
  /** Whether it still waits for the kernel; false for good once it doesn't. */
  isBlocking(): boolean;
  /** Stops it, so that it can be sent again later. Must not throw. */
  cancel(): void;
}

/** How often they are looked at, in milliseconds. */
const CHECK_MS = 50;

/**
 * What the end waits for one, in milliseconds: a peer that is only far away, with
 * TLS, gets all at once; and Node doesn't list every job of its thread pool, so an
 * app that waits for one looks like an end.
 */
const GRACE_PERIOD_MS = 250;

/**
 * What such requests are in `process.getActiveResourcesInfo()`. Looking up a name
 * can't be stopped, only what would come after it; `process.exit` too waits for the
 * thread that does it (glibc gives up after 10 s).
 */
const requestKinds = /^(ConnectWrap|GetAddrInfoReqWrap|\w*WriteWrap)$/;

/** When each began, in the milliseconds of `performance.now()`. */
const blockers = new Map<ExitBlocker, number>();
let timer: NodeJS.Timeout | undefined;

/**
 * Lets go of it, and of all others, as soon as nothing else is left that holds
 * the process: then it ends, and the end tries once more, within its deadline.
 * Where it goes on after all, the owner tries again.
 */
export function cancelWhenIdle(blocker: ExitBlocker): void {
  blockers.set(blocker, performance.now());
  timer ??= setInterval(cancelIfIdle, CHECK_MS).unref();
}

function cancelIfIdle(): void {
  for (const blocker of blockers.keys()) if (!blocker.isBlocking()) blockers.delete(blocker);
  if (blockers.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const latestStart = Math.max(...blockers.values());
  if (performance.now() - latestStart < GRACE_PERIOD_MS || isHeldByOthers()) return;
  const all = [...blockers.keys()];
  blockers.clear();
  for (const blocker of all) blocker.cancel();
}

/** What can't be told to be ours or idle counts as holding. */
function isHeldByOthers(): boolean {
  const alive = process.getActiveResourcesInfo();
  const requests = alive.filter((kind) => requestKinds.test(kind)).length;
  if (requests > blockers.size) return true;
  const others = alive.length - requests;
  return others > 0 && others > countIdleStreams();
}

/**
 * How many of the standard streams are listed that nobody reads: Node lists
 * every open pipe and terminal, libuv waits for those that are read. Those that
 * nobody has used are not even open, and looking at `process.stdin` would open it.
 */
function countIdleStreams(): number {
  // Undocumented, and the only way to tell them (on 22, 24 and 26).
  const { _getActiveHandles: list } = process as { _getActiveHandles?: () => readonly StdStream[] };
  const streams = list?.().filter(({ fd }) => fd === 0 || fd === 1 || fd === 2) ?? [];
  return streams.filter((stream) => stream._handle?.reading !== true).length;
}

interface StdStream {
  readonly fd?: number;
  readonly _handle?: { readonly reading?: boolean };
}
