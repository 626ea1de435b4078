import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ruleFileOf, testFileOf, testsOf } from "./mutant-tests.ts";
import type { Mutant } from "./mutants.ts";
import type { TimedTest } from "./rules.ts";

/** Two cores, which other tests need, too. */
const PROCESSES = 2;
/** Enough for the start of a process not to matter. */
const BATCH = 20;

/** A mutant with one of its tests. */
interface Trial<T extends Mutant> {
  readonly mutant: T;
  readonly test: TimedTest;
}

/**
 * Tests mutants by promtool, until one of their tests fails.
 *
 * @returns the mutants whose tests pass.
 * @throws if promtool can't read a rule: it is no mutant then.
 */
export async function survivorsOf<T extends Mutant>(
  promtool: string,
  mutants: readonly T[],
): Promise<readonly T[]> {
  const survivors = new Set<T>();
  let left = mutants.map((mutant) => ({ mutant, tests: testsOf(mutant) }));
  while (left.length > 0) {
    const trials = left.flatMap(({ mutant, tests: [test] }) => {
      if (test === undefined) survivors.add(mutant);
      return test === undefined ? [] : [{ mutant, test }];
    });
    const passed = await passedOf(promtool, trials);
    left = left
      .filter(({ mutant }) => passed.has(mutant))
      .map(({ mutant, tests }) => ({ mutant, tests: tests.slice(1) }));
  }
  return mutants.filter((mutant) => survivors.has(mutant));
}

/** Returns the mutants whose test passes. */
async function passedOf<T extends Mutant>(
  promtool: string,
  trials: readonly Trial<T>[],
): Promise<ReadonlySet<T>> {
  const batches: (readonly Trial<T>[])[] = [];
  const size = Math.min(BATCH, Math.ceil(trials.length / PROCESSES));
  for (let at = 0; at < trials.length; at += size) batches.push(trials.slice(at, at + size));
  const passed = new Set<T>();
  const work = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
      for (const mutant of await testBatch(promtool, batch)) passed.add(mutant);
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
  return passed;
}

async function testBatch<T extends Mutant>(
  promtool: string,
  trials: readonly Trial<T>[],
): Promise<readonly T[]> {
  const folder = await mkdtemp(join(tmpdir(), "telltale-mutants-"));
  try {
    const paths = trials.map((_, index) => join(folder, `${index}-test.yaml`));
    for (const [index, { mutant, test }] of trials.entries()) {
      const ruleFile = `${index}-rules.yaml`;
      await writeFile(join(folder, ruleFile), ruleFileOf(mutant));
      await writeFile(paths[index]!, testFileOf(test, ruleFile));
    }
    const output = await run(promtool, ["test", "rules", ...paths], folder);
    return trials.filter((_, index) => isPassed(output, paths[index]!)).map(({ mutant }) => mutant);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** promtool writes the name of each file, and whether all of its tests pass. */
function isPassed(output: string, path: string): boolean {
  const lines = output.split("\n");
  const at = lines.findIndex((line) => line.startsWith("Unit Testing:") && line.endsWith(path));
  if (at === -1) throw new Error(`promtool has not tested ${path}`);
  return lines[at + 1]?.trim() === "SUCCESS";
}

/** What promtool writes about a file that it can't read, which would be noticed without any test. */
const UNREADABLE = /^.*(?:parse error|could not parse|cannot unmarshal|yaml:).*$/mu;

/** Returns what promtool prints. A failed test is its usual end. */
function run(promtool: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GOMAXPROCS: "1", TMPDIR: folder };
    execFile(promtool, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const unreadable = UNREADABLE.exec(stderr);
      if (unreadable !== null) reject(new Error(unreadable[0]));
      else if (error !== null && typeof error.code !== "number") reject(error);
      else resolve(stdout);
    });
  });
}
