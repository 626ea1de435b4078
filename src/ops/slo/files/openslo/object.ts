import { ANY_TEXT, NAME, type TextRule } from "../../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../../yaml/yaml-map.ts";
import type { Pairs } from "../../../prometheus/rule-file.ts";
import { LABEL } from "../text-rules.ts";

/** The kinds of objects of `openslo/v1`. */
export type Kind =
  | "Service"
  | "SLO"
  | "SLI"
  | "DataSource"
  | "AlertPolicy"
  | "AlertCondition"
  | "AlertNotificationTarget";

/** An object of OpenSLO: a document, or one inside of another. */
export interface OpenSloObject {
  readonly name: string;
  readonly labels: Pairs;
  readonly metadata: YamlMap;
  readonly spec: YamlMap;
}

const VERSION: TextRule = { pattern: /^openslo\/v1$/, expected: "openslo/v1" };
const KIND: TextRule = {
  pattern: /^(?:Service|SLO|SLI|DataSource|AlertPolicy|AlertCondition|AlertNotificationTarget)$/,
  expected: "Service, SLO, SLI, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget",
};

/** Reads the kind of a document. Undefined: it is none of OpenSLO's, which is reported. */
export function readKind(document: YamlMap): Kind | undefined {
  const version = document.text("apiVersion", VERSION);
  if (version === undefined) return undefined;
  return document.required("kind", KIND) as Kind | undefined;
}

/** Reads metadata and specification. Undefined: they are missing, which is reported. */
export function readObject(map: YamlMap): OpenSloObject | undefined {
  const [metadata, spec] = [map.map("metadata"), map.map("spec")];
  if (!map.has("metadata")) map.problem("metadata", "is missing, expected a map with a name");
  if (!map.has("spec")) map.problem("spec", "is missing, expected a map");
  map.end();
  if (metadata === undefined || spec === undefined) return undefined;
  const name = metadata.required("name", NAME);
  metadata.text("displayName", ANY_TEXT);
  const labels = metadata.texts("labels", LABEL);
  // Any keys, which have no meaning for Prometheus.
  metadata.map("annotations");
  metadata.end();
  spec.text("description", ANY_TEXT);
  return name === undefined ? undefined : { name, labels, metadata, spec };
}

/** Objects of one kind by their names, as their documents define them. */
export type Named<T> = ReadonlyMap<string, T | undefined>;

/**
 * Reads what is defined inside of an object, or by its name elsewhere.
 *
 * @param key of the name, such as `indicatorRef`.
 * @returns undefined if there is none, or it is not valid, which is reported.
 */
export function readReference<T>(
  map: YamlMap,
  key: string,
  kind: Kind,
  named: Named<T>,
): T | undefined {
  const name = map.text(key, NAME);
  if (name === undefined) return undefined;
  if (!named.has(name)) map.problem(key, `there is no ${kind} with the name ${name}`);
  return named.get(name);
}
