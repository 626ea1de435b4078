import { parseYamlFile } from "../../../yaml/yaml-map.ts";
import type { ObjectiveDefaults } from "../objective.ts";
import { type ObjectiveFile, readObjectiveFiles, type ReadObjectives } from "./objective-files.ts";
import { readSloSection, type SloSectionSources } from "./section.ts";

/**
 * Reads objectives of Sloth, of OpenSLO, or of the section `slo` of `telltale.ops.yaml`,
 * whichever a file has. Never throws.
 */
export function readObjectiveSources(
  files: readonly ObjectiveFile[],
  sources: SloSectionSources,
  defaults: ObjectiveDefaults,
): ReadObjectives {
  const [first, ...others] = files;
  if (first === undefined || !hasSection(first)) return readObjectiveFiles(files, defaults);
  const { documents, problems } = parseYamlFile(first.name, first.text);
  const [document] = documents;
  if (others.length > 0 || documents.length > 1)
    problems.push(`${first.name}: expected one document and no other file, with a section slo`);
  const section = document?.map("slo");
  if (section === undefined) return { objectives: [], found: [], problems };
  const read = readSloSection(section, sources, defaults);
  return { ...read, problems: [...problems, ...read.problems] };
}

function hasSection({ name, text }: ObjectiveFile): boolean {
  return parseYamlFile(name, text).documents.some((document) => document.has("slo"));
}
