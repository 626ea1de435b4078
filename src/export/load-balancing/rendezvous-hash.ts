/**
 * Chooses for each trace one of several endpoints: the one whose name, hashed
 * together with the trace id, yields the highest score (rendezvous hashing, or
 * highest random weight). Every process with the same names chooses the same
 * endpoint, in whatever order it has them. When an endpoint is unavailable, only its
 * own traces move, evenly to all others.
 *
 * A score is MurmurHash3 (x86, 32 bit) of the trace id's last eight bytes, which
 * are random by W3C trace context, seeded by that hash of the name.
 */
export class RendezvousHash {
  readonly #seeds: Int32Array;
  #lastTrace = "";
  #low = 0;
  #high = 0;

  /** @param names distinct names of the endpoints. */
  constructor(names: readonly string[]) {
    this.#seeds = Int32Array.from(names, hashOfText);
  }

  /**
   * Returns the index of the available endpoint with the highest score; -1 if none is available.
   *
   * @param traceId 32 hexadecimal digits.
   */
  choose(traceId: string, isAvailable: (index: number) => boolean): number {
    this.#hashTraceId(traceId);
    let best = -1;
    let highest = -1;
    for (let index = 0; index < this.#seeds.length; index++) {
      if (!isAvailable(index)) continue;
      const score = scoreOf(this.#seeds[index] as number, this.#high, this.#low);
      if (score > highest) {
        highest = score;
        best = index;
      }
    }
    return best;
  }

  /** Caches the last trace id: the spans of a trace mostly follow one another. */
  #hashTraceId(traceId: string): void {
    if (traceId === this.#lastTrace) return;
    this.#lastTrace = traceId;
    this.#high = mixWord(Number.parseInt(traceId.slice(16, 24), 16));
    this.#low = mixWord(Number.parseInt(traceId.slice(24, 32), 16));
  }
}

const KEY_BYTES = 8;

function scoreOf(seed: number, high: number, low: number): number {
  return finalizeHash(addWord(addWord(seed, high), low) ^ KEY_BYTES) >>> 0;
}

/** Hashes the UTF-16 units of a text, one word each: names of hosts are ASCII. */
function hashOfText(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = addWord(hash, mixWord(text.charCodeAt(at)));
  return finalizeHash(hash ^ (text.length * 4));
}

function mixWord(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function addWord(hash: number, mixed: number): number {
  const both = hash ^ mixed;
  return (Math.imul((both << 13) | (both >>> 19), 5) + 0xe6546b64) | 0;
}

function finalizeHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
