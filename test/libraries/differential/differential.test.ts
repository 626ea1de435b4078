import assert from "node:assert/strict";
import { supportRows } from "../../../scripts/readme/libraries.ts";
import { type Difference, differences, equalized } from "./differences.ts";
import type { Addresses, GroupServer, LibraryRun } from "./run-group.ts";
import { excluded, runGroups } from "./runs.ts";
import { type Fact, factsOf } from "./telemetry.ts";

const runsAll = process.env["TEST_DIFFERENTIAL"] === "all";

/**
 * All is exported once, at the end of each process. A request that is in flight at that
 * time would be sent twice by the SDK's pipelines.
 */
const environment = {
  OTEL_METRICS_EXPORTER: "otlp",
  OTEL_METRIC_EXPORT_INTERVAL: "3600000",
  OTEL_BSP_SCHEDULE_DELAY: "3600000",
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2048",
  OTEL_BLRP_SCHEDULE_DELAY: "3600000",
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "2048",
};

/** The same app on telltale's pipelines and on those of the SDK: whatever differs is listed in `differences.ts`. */
describe("The pipelines of telltale and of the SDK record the same", () => {
  const occurred = new Set<Difference>();

  for (const { title, runs, startServer } of runGroups) {
    const chosen = runs.filter(({ isSelected }) => runsAll || isSelected);
    if (chosen.length === 0) continue;
    describe(`of ${title}`, () => {
      let server: GroupServer | undefined;
      before(async function () {
        server = await startServer?.(this);
      });
      after(() => server?.stop());

      for (const run of chosen) {
        it(`by ${run.title}`, async () => {
          assert.deepEqual(await compare(run, server?.addresses ?? {}), []);
        });
      }
    });
  }

  // A suite, because mocha runs it after those above.
  describe("but for what is listed:", () => {
    for (const difference of differences.filter(({ isSelected }) => runsAll || isSelected))
      it(difference.subject, () => assert.ok(occurred.has(difference), "it does not occur"));
  });

  /** Returns the differences that are not listed. */
  async function compare({ run }: LibraryRun, addresses: Addresses): Promise<string[]> {
    const own = factsOf(await run({ ...environment, TELLTALE_PIPELINE: "telltale" }, addresses));
    const sdk = factsOf(await run({ ...environment, TELLTALE_PIPELINE: "sdk" }, addresses));
    assert.ok(
      own.some((fact) => !fact.startsWith("process")),
      "something is recorded",
    );
    let found = differenceOf(own, sdk);
    for (const difference of differences) {
      const rest = differenceOf(equalized(found.own, difference), equalized(found.sdk, difference));
      if (rest.own.length + rest.sdk.length === found.own.length + found.sdk.length) continue;
      occurred.add(difference);
      found = rest;
    }
    return [
      ...found.own.map((fact) => `only telltale: ${fact}`),
      ...found.sdk.map((fact) => `only the SDK: ${fact}`),
    ];
  }
});

describe("The runs on both pipelines", () => {
  it("are the whole support table, each version of a library once, but for those with a reason", async () => {
    const runs = new Set(
      runGroups.flatMap((group) => group.runs.flatMap(({ rows }) => rows.map(textOf))),
    );
    const supported = await supportRows();
    const covered = supported.filter((row) => runs.has(textOf({ ...row, version: undefined })));
    const versions = new Set(covered.map(versionOf));
    const missing = supported.filter((row) => !versions.has(versionOf(row)));
    assert.deepEqual([...new Set(missing.map(({ library }) => library))], Object.keys(excluded));
    assert.equal(covered.length, runs.size);
  });
});

function textOf(row: object): string {
  return JSON.stringify(row);
}

function versionOf({ library, version }: { library: string; version: string | undefined }): string {
  return `${library}@${version}`;
}

interface Found {
  readonly own: Fact[];
  readonly sdk: Fact[];
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
