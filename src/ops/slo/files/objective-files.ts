import { parseYamlFile } from "../../../yaml/yaml-map.ts";
import type { Objective, ObjectiveDefaults } from "../objective.ts";
import { type FoundObjective, withoutDuplicates } from "./found-objective.ts";
import { isOpenSloDocument, readOpenSloDocuments } from "./openslo/openslo.ts";
import { readSlothDocument } from "./sloth.ts";

/** A file of objectives of Sloth or OpenSLO. */
export interface ObjectiveFile {
  /** Its name in messages. */
  readonly name: string;
  readonly text: string;
}

/** Objectives, and all that is wrong with their files, one line each with file and line. */
export interface ReadObjectives {
  readonly objectives: readonly Objective[];
  /** Where each of them is. */
  readonly found: readonly FoundObjective[];
  readonly problems: readonly string[];
}

/**
 * Reads objectives of Sloth's `prometheus/v1` and of OpenSLO's `openslo/v1`, several
 * documents in each file. Documents of OpenSLO may refer to others of any file. Never throws.
 */
export function readObjectiveFiles(
  files: readonly ObjectiveFile[],
  defaults: ObjectiveDefaults,
): ReadObjectives {
  const { found, problems } = findObjectives(files, defaults);
  return { objectives: withoutDuplicates(found), found, problems };
}

/** Objectives of files, duplicates included. What is found later wrong adds to the problems. */
export interface FoundObjectives {
  readonly found: readonly FoundObjective[];
  readonly problems: readonly string[];
}

/** Reads files as {@link readObjectiveFiles} does, for a caller that adds other objectives. */
export function findObjectives(
  files: readonly ObjectiveFile[],
  defaults: ObjectiveDefaults,
): FoundObjectives {
  const problems: string[] = [];
  const documents = files.flatMap(
    ({ name, text }) => parseYamlFile(name, text, problems).documents,
  );
  const found = [
    ...documents
      .filter((document) => !isOpenSloDocument(document))
      .flatMap((document) => readSlothDocument(document, defaults)),
    ...readOpenSloDocuments(documents.filter(isOpenSloDocument), defaults),
  ];
  return { found, problems };
}
