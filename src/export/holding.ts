/**
 * Something of ours that may hold the process though its socket is unref'd:
 * libuv waits for what it has begun, and a request to it (look up a name,
 * connect, write) has no `unref`. A host that answers no SYN, or a peer that
 * stops to read, would hold the end for as long as the kernel tries.
 */
export interface Holding {
  /** Whether it still waits for the kernel; false for good once it doesn't. */
  holds(): boolean;
  /** Stops it, so that it can be sent again later. Must not throw. */
  letGo(): void;
}

/** How often they are looked at, in milliseconds. */
const CHECK_MS = 50;

/**
 * What the end waits for one, in milliseconds: a peer that is only far away, with
 * TLS, gets all at once; and Node doesn't list every job of its thread pool, so an
 * app that waits for one looks like an end.
 */
const PATIENCE_MS = 250;

/**
 * What such requests are in `process.getActiveResourcesInfo()`. Looking up a name
 * can't be stopped, only what would come after it; `process.exit` too waits for the
 * thread that does it (glibc gives up after 10 s).
 */
const kinds = /^(ConnectWrap|GetAddrInfoReqWrap|\w*WriteWrap)$/;

/** When each began, in the milliseconds of `performance.now()`. */
const watched = new Map<Holding, number>();
let timer: NodeJS.Timeout | undefined;

/**
 * Lets go of it, and of all others, as soon as nothing else is left that holds
 * the process: then it ends, and the end tries once more, within its deadline.
 * Where it goes on after all, the owner tries again.
 */
export function watchHolding(holding: Holding): void {
  watched.set(holding, performance.now());
  timer ??= setInterval(check, CHECK_MS).unref();
}

function check(): void {
  for (const holding of watched.keys()) if (!holding.holds()) watched.delete(holding);
  if (watched.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const youngest = Math.max(...watched.values());
  if (performance.now() - youngest < PATIENCE_MS || othersHold()) return;
  const all = [...watched.keys()];
  watched.clear();
  for (const holding of all) holding.letGo();
}

/** What can't be told to be ours or idle counts as holding. */
function othersHold(): boolean {
  const alive = process.getActiveResourcesInfo();
  const requests = alive.filter((kind) => kinds.test(kind)).length;
  if (requests > watched.size) return true;
  const others = alive.length - requests;
  return others > 0 && others > idleStreams();
}

/**
 * How many of the standard streams are listed that nobody reads: Node lists
 * every open pipe and terminal, libuv waits for those that are read. Those that
 * nobody has used are not even open, and looking at `process.stdin` would open it.
 */
function idleStreams(): number {
  // Undocumented, and the only way to tell them (on 22, 24 and 26).
  const { _getActiveHandles: list } = process as { _getActiveHandles?: () => readonly Stream[] };
  const streams = list?.().filter(({ fd }) => fd === 0 || fd === 1 || fd === 2) ?? [];
  return streams.filter((stream) => stream._handle?.reading !== true).length;
}

interface Stream {
  readonly fd?: number;
  readonly _handle?: { readonly reading?: boolean };
}
