import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { defaultOptions } from "../../../ops/options/ops-options.ts";
import type { FoundObjective } from "../../../ops/slo/files/found-objective.ts";
import { readSloSection } from "../../../ops/slo/files/section.ts";
import type { Objective } from "../../../ops/slo/objective.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { bucketBoundaries } from "../../slo/bucket-boundaries.ts";

/** The objectives of a file, and where those are that it has or names. */
export interface ConfiguredObjectives {
  readonly objectives: readonly Objective[];
  readonly found: readonly FoundObjective[];
}

/**
 * Reads `slo`, and the files that it names, whose paths are relative to the file of the options.
 *
 * @param problems to which those of these files are added.
 */
export function readObjectives(
  section: YamlMap | undefined,
  configFile: string,
  problems: string[],
): ConfiguredObjectives {
  if (section === undefined) return { objectives: defaultOptions.objectives, found: [] };
  const read = readSloSection(section, {
    boundaries: bucketBoundaries(),
    readFile: (file) => readFileSync(resolve(dirname(configFile), file), "utf8"),
  });
  problems.push(...read.problems);
  return read;
}
