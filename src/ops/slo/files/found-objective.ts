import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { idOf, type Objective } from "../objective.ts";

/** An objective with the map of the file that defines it. */
export interface FoundObjective {
  readonly objective: Objective;
  readonly map: YamlMap;
}

/** Returns the objectives, and reports those whose id is that of an earlier one. */
export function withoutDuplicates(found: readonly FoundObjective[]): readonly Objective[] {
  const ids = new Set<string>();
  return found.flatMap(({ objective, map }) => {
    const id = idOf(objective);
    if (ids.has(id)) map.problem("name", `there is another objective with the id ${id}`);
    ids.add(id);
    return [objective];
  });
}
