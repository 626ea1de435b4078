import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { getSystemErrorMessage } from "node:util";
import type { EventDropReason } from "@sentry/core";
import { runSuppressed } from "../../context/manager.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { DropReason, SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import { type RecordLoss, storedLosses } from "../transport/envelope-items.ts";
import { ownerFileName, ownerOfFile } from "./owner.ts";
import { Owners } from "./owners.ts";
import { SpoolFolder } from "./spool-folder.ts";
import {
  describeFile,
  isIntact,
  parseFileName,
  type StoredCategory,
  type StoredEnvelope,
  type StoredFile,
  withOwner,
} from "./stored-file.ts";

/** Maximum number of files. A listing of so many takes a few milliseconds. */
const MAX_FILES = 2_000;
/** Interval of the heartbeats of a thread that owns files, in milliseconds. */
const BEAT_MS = 15_000;
/** Files of threads that are gone are looked for at every fourth heartbeat. */
const BEATS_PER_TAKEOVER = 4;
/** Maximum age of the listing by which the size of the others' files is known, in milliseconds. */
const LISTING_MAX_AGE_MS = 1_000;

/**
 * Sentry's reason for events that no longer fit on disk, which the types lack.
 * https://develop.sentry.dev/sdk/telemetry/client-reports/
 */
const CACHE_OVERFLOW = "cache_overflow" as EventDropReason;

export interface SpoolDeps {
  readonly directory: string;
  readonly maxBytes: number;
  /** The envelope endpoint. Its host and project select the subfolder: events of one project must not reach another. */
  readonly url: string;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly recordLoss: RecordLoss;
}

/** A stored envelope that is about to be sent. */
export interface StoredEntry {
  readonly file: StoredFile;
  readonly body: Uint8Array;
}

/**
 * The envelopes on disk that Sentry has not taken: of this thread, and of threads that are
 * gone, whose files it takes over by renaming them. A file belongs to one thread at a
 * time, which alone sends and deletes it, so several processes can share a folder.
 *
 * Counters: a stored event stays queued in the thread that owns it. One that is taken
 * over is created (and `recovered`) in the counters of its new owner.
 *
 * Sentry's `makeOfflineTransport` is not used: it removes an envelope from its store
 * before it is sent, does not store one that is answered with 500, and reports stored
 * ones as lost.
 */
export class Spool {
  readonly #deps: SpoolDeps;
  readonly #folder: SpoolFolder;
  readonly #owners: Owners;
  /** The files of this thread by name, the oldest first. */
  readonly #own = new Map<string, StoredFile>();
  readonly #sending = new Set<StoredFile>();
  #ownBytes = 0;
  /** Files of other threads that are alive, by the latest listing. */
  #others = { files: 0, bytes: 0 };
  #listedAt = -Infinity;
  /** The last operation: one at a time changes the folder. */
  #last: Promise<unknown> = Promise.resolve();
  #onAvailable: () => void = () => {};

  constructor(deps: SpoolDeps) {
    this.#deps = deps;
    this.#folder = new SpoolFolder(resolve(deps.directory, projectFolder(deps.url)));
    this.#owners = new Owners(this.#folder);
  }

  /**
   * Takes over the files of earlier processes, now and from time to time.
   *
   * @param onAvailable called if there is something to send.
   */
  start(onAvailable: () => void): void {
    this.#onAvailable = onAvailable;
    void this.#enqueue(() => this.#takeOver());
    let beats = 0;
    setInterval(() => {
      beats++;
      void this.#enqueue(() => this.#beat(beats % BEATS_PER_TAKEOVER === 0));
    }, BEAT_MS).unref();
  }

  /** Whether a stored envelope is not being sent. */
  get hasWaiting(): boolean {
    return this.#own.size > this.#sending.size;
  }

  /** Resolves with whether the envelope is on disk. Never rejects. */
  store(envelope: StoredEnvelope): Promise<boolean> {
    return this.#enqueue(() => this.#store(envelope));
  }

  /**
   * Does the same synchronously, for process exit. The file counts as being sent, so that
   * the next one does not displace it; see `putBack`.
   */
  storeSync(envelope: StoredEnvelope): StoredFile | undefined {
    const described = describeFile(envelope, this.#folder.owner);
    const file = this.#own.get(described.name) ?? described;
    this.#sending.add(file);
    if (file !== described || this.#writeSync(file, envelope.body)) return file;
    this.#sending.delete(file);
    return undefined;
  }

  /** Returns whether the envelope is on disk. */
  #writeSync(file: StoredFile, body: Uint8Array): boolean {
    try {
      this.#folder.prepareSync();
      if (this.#own.size === 0) this.#folder.beatSync();
      this.#list(this.#folder.listSync());
      while (!this.#fits(file)) {
        const evicted = this.#evict(file);
        if (evicted === undefined) return false;
        this.#folder.removeSync(evicted.name);
      }
      this.#folder.writeSync(file.name, body);
      this.#add(file);
      return true;
    } catch (error) {
      this.#logFailure(error);
      return false;
    }
  }

  /**
   * Reads the oldest envelope that is not being sent. Resolves with undefined if there is none.
   *
   * @param isAllowed whether a category may be sent now.
   */
  async next(isAllowed: (category: StoredCategory) => boolean): Promise<StoredEntry | undefined> {
    for (;;) {
      const file = this.#oldestWaiting(isAllowed);
      if (file === undefined) return undefined;
      this.#sending.add(file);
      const body = await this.#readIntact(file);
      if (body !== undefined) return { file, body };
    }
  }

  /** Keeps an envelope that could not be sent. The others are tried before it. */
  putBack(file: StoredFile): void {
    this.#sending.delete(file);
    if (this.#own.delete(file.name)) this.#own.set(file.name, file);
  }

  /** Deletes an envelope that Sentry has accepted or rejected, which the caller counts. */
  remove(file: StoredFile): void {
    this.#forget(file);
    void runSuppressed(() => this.#folder.remove(file.name));
  }

  removeSync(file: StoredFile): void {
    this.#forget(file);
    this.#folder.removeSync(file.name);
  }

  /** Leaves the stored envelopes to others, at process exit. */
  abandonSync(): void {
    this.#folder.abandonSync();
  }

  /** Runs an operation on the folder after those before it, without spans. Logs its failure. */
  #enqueue<T>(work: () => Promise<T>): Promise<T | false> {
    const result = this.#last.then(() => runSuppressed(work));
    const settled = result.catch((error: unknown) => {
      this.#logFailure(error);
      return false as const;
    });
    this.#last = settled;
    return settled;
  }

  async #store(envelope: StoredEnvelope): Promise<boolean> {
    const file = describeFile(envelope, this.#folder.owner);
    if (this.#own.has(file.name)) return true;
    await this.#prepare();
    if (performance.now() - this.#listedAt > LISTING_MAX_AGE_MS) {
      this.#list(await this.#folder.list());
    }
    while (!this.#fits(file)) {
      const evicted = this.#evict(file);
      if (evicted === undefined) return false;
      await this.#folder.remove(evicted.name);
    }
    await this.#write(file, envelope.body);
    // The exit may have stored it meanwhile, and the process goes on.
    if (!this.#own.has(file.name)) this.#add(file);
    return true;
  }

  async #write(file: StoredFile, body: Uint8Array): Promise<void> {
    try {
      await this.#folder.write(file.name, body);
    } catch (error) {
      if (codeOf(error) === "ENOENT") this.#folder.reset();
      throw error;
    }
  }

  /** Renews the owner file while there are files, and looks for files of others. */
  async #beat(takesOver: boolean): Promise<void> {
    try {
      if (this.#own.size > 0) await this.#folder.beat();
      if (takesOver) await this.#takeOver();
    } catch {
      // Logged at the start, and again when an event can't be stored.
    }
  }

  /** The owner file comes before the files: without it, others take them over. */
  async #prepare(): Promise<void> {
    await this.#folder.prepare();
    if (this.#own.size === 0) await this.#folder.beat();
  }

  async #takeOver(): Promise<void> {
    await this.#prepare();
    const names = await this.#folder.list();
    const files = names.map(parseFileName).filter((file) => file !== undefined);
    const gone = await this.#goneOwners(names, files);
    const left = files.filter(({ owner }) => gone.has(owner)).toSorted(byAge);
    let count = 0;
    for (const file of left) if (await this.#take(file, files)) count++;
    for (const owner of gone) await this.#folder.remove(ownerFileName(owner));
    this.#list(await this.#folder.list());
    if (count > 0) this.#deps.diagnostics.info("errors.spool.again", this.#takenText(count));
    if (this.hasWaiting) this.#onAvailable();
  }

  async #goneOwners(
    names: readonly string[],
    files: readonly StoredFile[],
  ): Promise<ReadonlySet<string>> {
    const owners = new Set([
      ...files.map(({ owner }) => owner),
      ...names.map(ownerOfFile).filter((owner) => owner !== undefined),
    ]);
    owners.delete(this.#folder.owner);
    this.#owners.retain(owners);
    const gone = new Set<string>();
    for (const owner of owners) if (await this.#owners.isGone(owner)) gone.add(owner);
    return gone;
  }

  /** Resolves with whether the file is this thread's now, and counted. Another thread may be faster. */
  async #take(file: StoredFile, all: readonly StoredFile[]): Promise<boolean> {
    if (file.isTemporary && all.some((other) => !other.isTemporary && isSame(other, file))) {
      // Written twice: the complete one is taken.
      await this.#folder.remove(file.name);
      return false;
    }
    const taken = withOwner(file, this.#folder.owner);
    try {
      await this.#folder.rename(file.name, taken.name);
    } catch {
      return false;
    }
    this.#deps.counters.created++;
    this.#deps.counters.recovered++;
    this.#add(taken);
    if (file.isTemporary && (await this.#folder.size(taken.name)) !== file.bytes) {
      await this.#dropIncomplete(taken);
    }
    return true;
  }

  /** Resolves with undefined, after it was counted, if the file is incomplete or missing. */
  async #readIntact(file: StoredFile): Promise<Uint8Array | undefined> {
    try {
      const body = await runSuppressed(() => this.#folder.read(file.name));
      if (isIntact(file, body)) return body;
    } catch (error) {
      if (codeOf(error) === "ENOENT") {
        this.#drop(file, "failed", "internal_sdk_error");
        this.#deps.diagnostics.warn("errors.spool.missing", this.#missingText());
        return undefined;
      }
    }
    await this.#dropIncomplete(file);
    return undefined;
  }

  async #dropIncomplete(file: StoredFile): Promise<void> {
    this.#drop(file, "failed", "internal_sdk_error");
    this.#deps.diagnostics.warn("errors.spool.incomplete", this.#incompleteText());
    await runSuppressed(() => this.#folder.remove(file.name));
  }

  /** Drops the oldest file in favour of `file`. Returns it, or undefined if that is of no use. */
  #evict(file: StoredFile): StoredFile | undefined {
    const oldest = this.#oldestWaiting();
    const isUseless = this.#others.bytes + file.bytes > this.#deps.maxBytes;
    if (oldest === undefined || isUseless) return undefined;
    this.#drop(oldest, "queue_full", CACHE_OVERFLOW);
    this.#deps.diagnostics.warn("errors.spool.full", this.#fullText());
    return oldest;
  }

  #drop(file: StoredFile, dropReason: DropReason, reason: EventDropReason): void {
    this.#forget(file);
    this.#deps.counters.drop(dropReason, 1);
    for (const { category, quantity } of storedLosses(file))
      this.#deps.recordLoss(reason, category, quantity);
  }

  #add(file: StoredFile): void {
    this.#own.set(file.name, file);
    this.#ownBytes += file.bytes;
    this.#deps.counters.stored++;
  }

  #forget(file: StoredFile): void {
    this.#sending.delete(file);
    if (!this.#own.delete(file.name)) return;
    this.#ownBytes -= file.bytes;
    this.#deps.counters.stored--;
  }

  #oldestWaiting(
    isAllowed: (category: StoredCategory) => boolean = () => true,
  ): StoredFile | undefined {
    for (const file of this.#own.values()) {
      if (!this.#sending.has(file) && isAllowed(file.category)) return file;
    }
    return undefined;
  }

  #fits({ bytes }: StoredFile): boolean {
    const { files, bytes: othersBytes } = this.#others;
    return (
      this.#own.size + files < MAX_FILES &&
      this.#ownBytes + othersBytes + bytes <= this.#deps.maxBytes
    );
  }

  #list(names: readonly string[]): void {
    this.#listedAt = performance.now();
    this.#others = { files: 0, bytes: 0 };
    for (const file of names.map(parseFileName)) {
      if (file === undefined || file.owner === this.#folder.owner) continue;
      this.#others.files++;
      this.#others.bytes += file.bytes;
    }
  }

  #logFailure(error: unknown): void {
    this.#deps.diagnostics.warn(
      "errors.spool",
      `events can't be stored in ${this.#directory} (${reasonOf(error)}); they are kept in memory only, as without TELLTALE_SENTRY_SPOOL_DIR`,
    );
  }

  #takenText(count: number): string {
    return `${count} events of earlier processes are in ${this.#directory}; Sentry gets them now`;
  }

  #missingText(): string {
    return `stored events are missing in ${this.#directory}, another program has removed them; they are counted as dropped`;
  }

  #incompleteText(): string {
    return `stored events in ${this.#directory} are incomplete, as after a power failure; they are dropped and counted`;
  }

  #fullText(): string {
    return `the stored events in ${this.#directory} have reached their limit (${this.#deps.maxBytes} bytes, ${MAX_FILES} files); the oldest are dropped and counted`;
  }

  get #directory(): string {
    return excerpt(this.#deps.directory);
  }
}

export function createSpool(deps: SpoolDeps): Spool {
  return new Spool(deps);
}

/** Returns a name for the host and project of an address, without the key. */
function projectFolder(url: string): string {
  const { host, pathname } = new URL(url);
  return createHash("sha256").update(`${host}${pathname}`).digest("hex").slice(0, 16);
}

function byAge(a: StoredFile, b: StoredFile): number {
  return a.time - b.time;
}

function isSame(a: StoredFile, b: StoredFile): boolean {
  return a.id === b.id && a.time === b.time;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Describes an error of the file system: `EROFS: read-only file system`. */
function reasonOf(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message;
  if (code === "ERR_ACCESS_DENIED") return "Node's --permission denies it; add --allow-fs-write";
  return errno === undefined ? code : `${code}: ${getSystemErrorMessage(errno)}`;
}
