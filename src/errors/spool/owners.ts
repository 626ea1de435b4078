import type { SpoolFolder } from "./spool-folder.ts";
import { ownerFileName, parseOwner, stateOfOwner } from "./owner.ts";

/**
 * How long an owner file of another container or thread must not change until its owner
 * counts as gone, in milliseconds. Four heartbeats.
 */
export const STALE_MS = 60_000;

/** Finds out which owners of files are gone, so that their files can be taken over. */
export class Owners {
  readonly #folder: SpoolFolder;
  readonly #staleMs: number;
  /**
   * The owner files without other proof, with the time of their last change, and since
   * when that is known, by the monotonic clock: system clocks of two hosts differ, or jump.
   */
  readonly #observed = new Map<string, { readonly changedAt: number; readonly since: number }>();

  constructor(folder: SpoolFolder, staleMs: number = STALE_MS) {
    this.#folder = folder;
    this.#staleMs = staleMs;
  }

  async isGone(owner: string): Promise<boolean> {
    const file = ownerFileName(owner);
    // Before the content, so that a heartbeat in between is noticed.
    const changedAt = await this.#folder.changedAt(file);
    if (changedAt === undefined) return true;
    const record = parseOwner(await this.#read(file));
    const state = record === undefined ? "unknown" : stateOfOwner(record, this.#folder.self);
    return state === "unknown" ? this.#isStale(owner, changedAt) : state === "gone";
  }

  async #read(file: string): Promise<string> {
    try {
      return Buffer.from(await this.#folder.read(file)).toString();
    } catch {
      return "";
    }
  }

  #isStale(owner: string, changedAt: number): boolean {
    const now = performance.now();
    const seen = this.#observed.get(owner);
    if (seen?.changedAt === changedAt) return now - seen.since >= this.#staleMs;
    this.#observed.set(owner, { changedAt, since: now });
    return false;
  }

  /** Forgets the owners that are no longer there. */
  retain(owners: ReadonlySet<string>): void {
    for (const owner of this.#observed.keys()) if (!owners.has(owner)) this.#observed.delete(owner);
  }
}
