import type { YamlMap } from "../../../../yaml/yaml-map.ts";
import type { ObjectiveDefaults } from "../../objective.ts";
import type { FoundObjective } from "../found-objective.ts";
import { readAlertCondition, readAlertPolicy, readNotificationTarget } from "./alert-policy.ts";
import { readDataSource, readIndicator } from "./indicator.ts";
import { type Kind, type Named, type OpenSloObject, readKind, readObject } from "./object.ts";
import { readSlo } from "./slo.ts";

/** Whether a document has the shape of Kubernetes, as those of OpenSLO do. */
export function isOpenSloDocument(document: YamlMap): boolean {
  return document.has("apiVersion");
}

/** Reads the objectives of all documents of OpenSLO, which may refer to each other. */
export function readOpenSloDocuments(
  documents: readonly YamlMap[],
  defaults: ObjectiveDefaults,
): FoundObjective[] {
  const objects = new OpenSloObjects(documents);
  objects.readAll("Service", ({ spec }) => spec.end());
  const sources = objects.readAll("DataSource", ({ spec }) => readDataSource(spec));
  const indicators = objects.readAll("SLI", ({ spec }) => readIndicator(spec, sources));
  const targets = objects.readAll("AlertNotificationTarget", readNotificationTarget);
  const conditions = objects.readAll("AlertCondition", readAlertCondition);
  const policies = objects.readAll("AlertPolicy", (object) =>
    readAlertPolicy(object, conditions, targets),
  );
  const references = { sources, indicators, targets, conditions, policies };
  return objects.of("SLO").flatMap((object) => readSlo(object, references, defaults));
}

/** The objects of all documents. */
class OpenSloObjects {
  readonly #byKind = new Map<Kind, OpenSloObject[]>();

  constructor(documents: readonly YamlMap[]) {
    for (const document of documents) {
      const kind = readKind(document);
      if (kind === undefined) continue;
      const object = readObject(document);
      if (object === undefined) continue;
      this.#byKind.set(kind, [...this.of(kind), object]);
    }
  }

  of(kind: Kind): readonly OpenSloObject[] {
    return this.#byKind.get(kind) ?? [];
  }

  /** Reads the objects of a kind, and reports those whose name exists twice. */
  readAll<T>(kind: Kind, read: (object: OpenSloObject) => T | undefined): Named<T> {
    const named = new Map<string, T | undefined>();
    for (const object of this.of(kind)) {
      const { name, metadata } = object;
      if (named.has(name)) metadata.problem("name", `there is another ${kind} with this name`);
      named.set(name, read(object));
    }
    return named;
  }
}
