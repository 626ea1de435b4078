import assert from "node:assert/strict";
import { type Difference, differences } from "./differences.ts";
import { type LibraryRun, runGroups } from "./runs.ts";
import { type Fact, factsOf } from "./telemetry.ts";

const runsAll = process.env["TEST_DIFFERENTIAL"] === "all";

/** The same app on telltale's pipelines and on those of the SDK: whatever differs is listed in `differences.ts`. */
describe("The pipelines of telltale and of the SDK", () => {
  const occurred = new Set<Difference>();

  for (const group of runGroups.filter(({ isSelected }) => runsAll || isSelected)) {
    it(`record the same of ${group.title}`, async function () {
      const { runs, stop } = await group.start(this);
      const unlisted: string[] = [];
      try {
        const chosen = runs.filter(({ isSelected }) => runsAll || isSelected);
        assert.ok(chosen.length > 0);
        for (const run of chosen) unlisted.push(...(await compare(run)));
      } finally {
        await stop();
      }
      assert.deepEqual(unlisted, []);
    });
  }

  it("differ in what is listed", () => {
    const expected = differences.filter(({ isSelected }) => runsAll || isSelected);
    const missing = expected.filter((difference) => !occurred.has(difference));
    assert.deepEqual(
      missing.map(({ subject }) => subject),
      [],
    );
  });

  /** Returns the differences that are not listed. */
  async function compare({ title, run }: LibraryRun): Promise<string[]> {
    const own = factsOf(await run({ TELLTALE_PIPELINE: "telltale" }));
    const sdk = factsOf(await run({ TELLTALE_PIPELINE: "sdk" }));
    assert.ok(own.length > 0, `${title}: telltale's pipelines have recorded something`);
    let found = differenceOf(own, sdk);
    for (const difference of differences) {
      const rest = differenceOf(equalized(found.own, difference), equalized(found.sdk, difference));
      if (rest.own.length + rest.sdk.length === found.own.length + found.sdk.length) continue;
      occurred.add(difference);
      found = rest;
    }
    return [
      ...found.own.map((fact) => `${title}: only telltale: ${fact}`),
      ...found.sdk.map((fact) => `${title}: only the SDK: ${fact}`),
    ];
  }
});

interface Found {
  readonly own: Fact[];
  readonly sdk: Fact[];
}

function equalized(facts: readonly Fact[], { equalize }: Difference): Fact[] {
  return facts.map(equalize).filter((fact) => fact !== "");
}

function differenceOf(own: readonly Fact[], sdk: readonly Fact[]): Found {
  return { own: without(own, sdk), sdk: without(sdk, own) };
}

/** Returns the items of a list without those of another one, each as often as it is there. */
function without(list: readonly Fact[], other: readonly Fact[]): Fact[] {
  const rest = [...other];
  return list.filter((fact) => {
    const at = rest.indexOf(fact);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}
