import assert from "node:assert/strict";
import { parseSloOptions } from "../../../src/cli/slo/options.ts";
import { SECONDS_BOUNDARIES } from "../../../src/metrics/boundaries.ts";
import { renderRuleFile } from "../../../src/ops/prometheus/rule-file.ts";
import { sloRuleGroups } from "../../../src/ops/slo/rules.ts";

/** Returns the rules that `telltale slo` writes for these options, and this text of the file of `--from`. */
export function ruleFileOf(args: readonly string[], text = ""): string {
  const read = (): string => text;
  const { options, problems } = parseSloOptions(args, SECONDS_BOUNDARIES, read);
  assert.deepEqual(problems, []);
  assert.ok(options !== undefined);
  return renderRuleFile([args.join(" ")], options.objectives.flatMap(sloRuleGroups));
}
