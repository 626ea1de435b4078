import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readObjectiveFiles } from "../../../../src/ops/slo/files/objective-files.ts";
import type { PeriodDays } from "../../../../src/ops/slo/objective.ts";
import { sloRuleGroups } from "../../../../src/ops/slo/rules.ts";
import { renderRuleFile } from "../../../../src/ops/prometheus/rule-file.ts";
import { differences, eventsOf, MIN_EVENTS, type SlothObjective } from "./differences.ts";
import { type ParsedGroup, parseRuleFile } from "./rule-files.ts";

const vectors = join(import.meta.dirname, "vectors");

/** Files of objectives, with the period of `sloth generate --default-slo-period` (regenerate.sh). */
const files: readonly (readonly [name: string, periodDays: PeriodDays])[] = [
  ["orders.yaml", 30],
  ["several.yaml", 30],
  ["four-weeks.yaml", 28],
];

function ours(name: string, periodDays: PeriodDays): readonly ParsedGroup[] {
  const text = readFileSync(join(vectors, name), "utf8");
  const defaults = { minEvents: MIN_EVENTS, periodDays };
  const { objectives, problems } = readObjectiveFiles([{ name, text }], defaults);
  assert.deepEqual(problems, []);
  return parseRuleFile(renderRuleFile([name], objectives.flatMap(sloRuleGroups)));
}

function theirs(name: string): readonly ParsedGroup[] {
  return parseRuleFile(readFileSync(join(vectors, "sloth-0.16.0", name), "utf8"));
}

/** The end of the name of a group. */
function idOf({ name }: ParsedGroup): string {
  return name.replace(/^sloth-slo-(?:sli-recordings|meta-recordings|alerts)-/, "");
}

function objectivesOf(groups: readonly ParsedGroup[]): ReadonlyMap<string, SlothObjective> {
  const ids = new Set(groups.map(idOf));
  return new Map(
    [...ids].map((id) => {
      const rules = groups.filter((group) => idOf(group) === id).flatMap((group) => group.rules);
      const of = (record: string) => rules.find((rule) => rule.record === record);
      const { sloth_window: _, ...labels } = rules[0]?.labels ?? {};
      return [
        id,
        {
          ...{ labels, isRaw: rules[0] === undefined || eventsOf(rules[0]) === undefined },
          percent: of("sloth_slo_info")?.labels["sloth_objective"] ?? "",
          period: /\d+/.exec(of("slo:time_period:days")?.expr ?? "")?.[0] ?? "",
        },
      ];
    }),
  );
}

/** Applies differences to the rules of Sloth, and returns the names of those that changed something. */
function applied(groups: readonly ParsedGroup[]): {
  readonly groups: readonly ParsedGroup[];
  readonly occurred: ReadonlySet<string>;
} {
  const objectives = objectivesOf(groups);
  const occurred = new Set<string>();
  const changed = differences.reduce((current, { name, apply }) => {
    return current.map((group) => {
      const next = apply(group, objectives.get(idOf(group)) ?? assert.fail());
      if (JSON.stringify(next) !== JSON.stringify(group)) occurred.add(name);
      return next;
    });
  }, groups);
  return { groups: changed, occurred };
}

describe("The rules of a file of Sloth", () => {
  for (const [name, periodDays] of files) {
    it(`are those of Sloth 0.16.0 up to named differences: ${name}`, () => {
      const expected = applied(theirs(name)).groups;
      const found = ours(name, periodDays);
      assert.deepEqual(
        found.map((group) => group.name),
        expected.map((group) => group.name),
      );
      for (const [at, group] of found.entries()) assert.deepEqual(group, expected[at]);
    });
  }

  it("have each of the named differences", () => {
    const occurred = new Set(files.flatMap(([name]) => [...applied(theirs(name)).occurred]));
    const names = differences.map(({ name }) => name);
    assert.deepEqual([...occurred].toSorted(), names.toSorted());
  });

  it("are compared for each file that Sloth has read", () => {
    const names = files.map(([name]) => name).toSorted();
    assert.deepEqual(readdirSync(join(vectors, "sloth-0.16.0")).toSorted(), names);
  });
});
