import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import type { FoundPattern } from "./pattern.ts";

/** The complexity of a pattern in the words of `recheck`: `linear`, `2nd degree polynomial`. */
export interface Verdict {
  readonly isLinear: boolean;
  readonly complexity: string;
  /** A text that takes long to match. */
  readonly attack?: string;
}

/**
 * Options of `recheck`. Its own limits of time for attacks and seeds would make a
 * verdict depend on how busy the machine is; without them only counts limit it.
 */
const OPTIONS = {
  timeout: 300_000,
  attackTimeout: null,
  incubationTimeout: null,
  seedingTimeout: null,
} as const;

/** Checks all patterns with `recheck`, a few at once; earlier results are in `cache`. */
export async function checkPatterns(
  patterns: readonly FoundPattern[],
  cache: string,
): Promise<Map<FoundPattern, Verdict>> {
  const known = readCache(cache);
  const verdicts = new Map<FoundPattern, Verdict>();
  const waiting = [...patterns];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const key = keyOf(one);
      const verdict = isBounded(one) ? BOUNDED : (known[key] ?? (await runRecheck(one)));
      if (verdict !== BOUNDED && verdict.isLinear) known[key] = verdict;
      verdicts.set(one, verdict);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  writeCache(cache, known);
  return verdicts;
}

const BOUNDED: Verdict = { isLinear: true, complexity: "bounded" };

/**
 * Whether a pattern has no unbounded repetition and at most one bounded one, so that
 * each attempt takes constant time. `recheck` expands such bounds, which takes long
 * and leads to false alarms.
 */
function isBounded({ source }: FoundPattern): boolean {
  const plain = source.replace(/\\[^]/g, "x").replace(/\[[^\]]*\]/g, "x");
  const hasLimits = !/[*+]|\{\d+,\}/.test(plain);
  const isFlat = !/\)(?:\{|\?)/.test(plain);
  return hasLimits && isFlat && (plain.match(/\{\d+,\d+\}/g) ?? []).length < 2;
}

async function runRecheck({ source, flags }: FoundPattern): Promise<Verdict> {
  // Its Java and native programs are optional; the JavaScript one is only slower.
  const { check } = await import("recheck");
  const result = await check(source, flags, OPTIONS);
  if (result.status === "safe") return { isLinear: true, complexity: result.complexity.summary };
  if (result.status === "unknown") return { isLinear: false, complexity: result.error.kind };
  const { complexity, attack } = result;
  return { isLinear: false, complexity: complexity.summary, attack: attack.pattern };
}

function keyOf({ source, flags }: FoundPattern): string {
  return createHash("sha256").update(`${VERSION} /${source}/${flags}`).digest("hex");
}

const { version: VERSION } = createRequire(import.meta.url)("recheck/package.json") as {
  readonly version: string;
};

function readCache(file: string): Record<string, Verdict> {
  try {
    const verdicts = JSON.parse(readFileSync(file, "utf8")) as Record<string, Verdict>;
    // Anything else may be the result of an older check that was out of time.
    return Object.fromEntries(Object.entries(verdicts).filter(([, { isLinear }]) => isLinear));
  } catch {
    return {};
  }
}

function writeCache(file: string, known: Record<string, Verdict>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(known));
}
