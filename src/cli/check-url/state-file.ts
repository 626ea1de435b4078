import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What is known of one URL, and what one receiver was sent about it. */
export interface UrlState {
  /** Failures in a row. */
  readonly failures: number;
  /** When the first of them was, in milliseconds since 1970. */
  readonly failingSince: number | undefined;
  /** Whether the alert that it is down was sent. The others: a process is sending it, or the recovery. */
  readonly alert: "none" | "sending" | "sent" | "recovering";
  /** When `alert` was set, in milliseconds since 1970. */
  readonly alertAt: number;
  /** The expiry of the certificate that people were warned of, in milliseconds since 1970. */
  readonly warnedExpiry: number | undefined;
  readonly updatedAt: number;
}

export const NEW_STATE: UrlState = {
  failures: 0,
  failingSince: undefined,
  alert: "none",
  alertAt: 0,
  warnedExpiry: undefined,
  updatedAt: 0,
};

/** Two receivers of 200 URLs, more than one file is needed for. The oldest ones are dropped. */
const MAX_STATES = 400;
const MAX_BYTES = 1_000_000;
/** A lock is held for some milliseconds. */
const STALE_LOCK_MS = 10_000;
const LOCK_TIMEOUT_MS = 20_000;
const LOCK_PAUSE_MS = 20;

/** A file with the states of URLs, which several processes may use at a time. */
export class StateFile {
  readonly #path: string;
  readonly #key: string;

  /**
   * @param url is not in the file, which has its hash.
   * @param receiver each has a state of its own, so what one does not take is repeated to it alone.
   */
  constructor(path: string, url: string, receiver: "webhook" | "mail") {
    this.#path = path;
    // A URL has no spaces. The key of the webhook is that of earlier versions.
    const key = receiver === "webhook" ? url : `${url} ${receiver}`;
    this.#key = createHash("sha256").update(key).digest("hex").slice(0, 32);
  }

  /**
   * Changes the state of the URL, while no other process does.
   *
   * @throws if the file can't be read or written, or is no state.
   */
  async update(change: (state: UrlState) => UrlState): Promise<void> {
    const lock = `${this.#path}.lock`;
    await takeLock(lock);
    try {
      const states = readStates(this.#path);
      const state = change({ ...NEW_STATE, ...states.get(this.#key) });
      states.set(this.#key, { ...state, updatedAt: Date.now() });
      writeStates(this.#path, states);
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

async function takeLock(lock: string): Promise<void> {
  const end = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      closeSync(openSync(lock, "wx", 0o600));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (performance.now() >= end) throw new Error("another process keeps it locked");
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > STALE_LOCK_MS) rmSync(lock, { force: true });
    else await sleep(LOCK_PAUSE_MS);
  }
}

function readStates(path: string): Map<string, UrlState> {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined || size === 0) return new Map();
  const parsed = size <= MAX_BYTES ? parseStates(readFileSync(path, "utf8")) : undefined;
  // Another program's file must stay as it is. Ours is replaced as a whole, so it is never damaged.
  if (parsed === undefined) throw new Error("it is no state of check-url");
  return new Map(Object.entries(parsed));
}

function parseStates(text: string): Readonly<Record<string, UrlState>> | undefined {
  try {
    const parsed = JSON.parse(text) as { readonly "telltale check-url"?: unknown } | null;
    const states = parsed?.["telltale check-url"];
    return typeof states === "object" && states !== null
      ? (states as Readonly<Record<string, UrlState>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function writeStates(path: string, states: ReadonlyMap<string, UrlState>): void {
  const latest = [...states]
    .toSorted(([, a], [, b]) => b.updatedAt - a.updatedAt)
    .slice(0, MAX_STATES);
  const text = JSON.stringify({ "telltale check-url": Object.fromEntries(latest) });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, `${text}\n`, { flag: "wx", mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
