import assert from "node:assert/strict";
import { generateFiles } from "../../../src/ops/generate.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";
import { programOrSkip } from "../../programs.ts";
import { Random } from "../../random.ts";
import { equivalentMutants } from "./equivalent-mutants.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { survivorsOf } from "./promtool.ts";
import { type TestedRules, testedRulesOf } from "./rules.ts";

/**
 * How many mutants of a file are tested, chosen by a fixed seed, where tests of all take minutes.
 * `TEST_MUTANTS=all` tests all of them.
 */
const SAMPLES: Readonly<Record<string, number>> = { slo: 12 };
/** How many rules of such a file are tested as they are: each of them passes all tests. */
const UNCHANGED = 2;
const SEED = 1;

const testedFiles = testedRulesOf(generateFiles(defaultOptions));
const equivalent = new Set(equivalentMutants.flatMap(({ titles }) => titles));

describe("The generated tests of rules notice", () => {
  for (const file of testedFiles) {
    const titled = mutantsOf(file).map(
      (mutant) => [`${file.name}/${mutant.title}`, mutant] as const,
    );
    const all = new Map<string, Mutant>(titled);
    const chosen = chosenOf(file, [...all.keys()]);

    it(`${chosen.length} of ${all.size} changes of ${file.name}.yaml, except those with no effect`, async function () {
      const promtool = programOrSkip(this, "promtool");
      assert.equal(all.size, titled.length, "each change has a name of its own");
      const survivors = new Set(
        await survivorsOf(
          promtool,
          chosen.map((title) => all.get(title)!),
        ),
      );
      const isSurvivor = (title: string): boolean => survivors.has(all.get(title)!);
      const noticed = chosen.filter((title) => !isSurvivor(title));
      assert.deepEqual(
        chosen.filter((title) => isSurvivor(title) && !equivalent.has(title)),
        [],
        "no test notices these changes",
      );
      assert.deepEqual(
        noticed.filter((title) => equivalent.has(title)),
        [],
        "these changes are listed as having no effect",
      );
    });

    it(`nothing in ${file.name}.yaml as it is`, async function () {
      const promtool = programOrSkip(this, "promtool");
      const sample = sizeOf(file) === undefined ? undefined : UNCHANGED;
      const rules = sampleOf(file.rules, sample).map((original): Mutant => {
        return { file, original, changed: original, title: "" };
      });
      assert.equal((await survivorsOf(promtool, rules)).length, rules.length);
    });
  }

  it("all changes that are not listed by a name that no change has", () => {
    const titles = testedFiles.flatMap((file) =>
      mutantsOf(file).map(({ title }) => `${file.name}/${title}`),
    );
    assert.deepEqual(
      [...equivalent].filter((title) => !titles.includes(title)),
      [],
    );
  });
});

/** Changes with no effect pass all tests, which takes long: a sample has none. */
function chosenOf(file: TestedRules, titles: readonly string[]): readonly string[] {
  const size = sizeOf(file);
  if (size === undefined) return titles;
  return sampleOf(
    titles.filter((title) => !equivalent.has(title)),
    size,
  );
}

function sizeOf({ name }: TestedRules): number | undefined {
  return process.env["TEST_MUTANTS"] === "all" ? undefined : SAMPLES[name];
}

function sampleOf<T>(items: readonly T[], size: number | undefined): readonly T[] {
  if (size === undefined) return items;
  const random = new Random(SEED);
  return items
    .map((item) => [random.next(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .slice(0, size)
    .map(([, item]) => item);
}
