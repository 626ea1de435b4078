import type { AttributeFilter } from "../../config.ts";
import * as table from "../../variables.ts";
import type { FileMap, FileNode, FileScalar, ScalarValue } from "../document.ts";
import { at, componentAt, itemsAt, mapAt, scalarAt, textAt, textsAt, valuesOf } from "../nodes.ts";
import { type FileSettings, formatPairs } from "../settings.ts";

/** Reads what concerns all signals. */
export function mapGeneral(root: FileMap, settings: FileSettings): void {
  settings.take(table.sdkDisabled, scalarAt(root, "disabled"));
  mapLogLevel(scalarAt(root, "log_level"), settings);
  const limits = at(root, "attribute_limits");
  settings.take(table.attributeLength, scalarAt(limits, "attribute_value_length_limit"));
  settings.take(table.attributeCount, scalarAt(limits, "attribute_count_limit"));
  mapPropagators(root, settings);
  mapResource(root, settings);
}

/** The level of messages for each severity, without its number. */
const levels: Readonly<Record<string, string>> = {
  trace: "verbose",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "none",
};

function mapLogLevel(node: FileScalar | undefined, settings: FileSettings): void {
  const level = levels[String(node?.value).replace(/\d$/, "")];
  if (node !== undefined && level !== undefined) settings.set(table.logLevel, node, level);
}

/**
 * Without propagators, none are used. The default ones leave the variable unset, since a
 * Sentry DSN then adds the extraction of its headers.
 */
function mapPropagators(root: FileMap, settings: FileSettings): void {
  const section = mapAt(root, "propagator");
  const components = itemsAt(section, "composite").flatMap((item) => componentAt(item)?.name ?? []);
  const listed = (textAt(section, "composite_list") ?? "").split(",").map((name) => name.trim());
  const names = [...new Set([...components, ...listed])].filter((name) => name !== "");
  const place = scalarAt(section, "composite_list") ?? section ?? root;
  if (names.join() !== "tracecontext,baggage")
    settings.set(table.propagators, place, names.join(",") || "none");
}

/** The detectors of telltale that a detector of the schema stands for. */
const detectors: Readonly<Record<string, readonly string[]>> = {
  container: ["container"],
  host: ["host", "os"],
  os: ["os"],
  process: ["process"],
  service: ["serviceinstance"],
};

function mapResource(root: FileMap, settings: FileSettings): void {
  const section = mapAt(root, "resource") ?? root;
  const list = scalarAt(section, "attributes_list");
  const values = readAttributes(section, settings);
  const texts = [...values].filter((pair): pair is [string, string] => typeof pair[1] === "string");
  const pairs = [String(list?.value ?? ""), formatPairs(texts)].filter((text) => text !== "");
  if (pairs.length > 0) {
    settings.set(
      table.resourceAttributes,
      list ?? at(section, "attributes") ?? section,
      pairs.join(","),
    );
  }
  const others = [...values].filter(([, value]) => typeof value !== "string");
  if (others.length > 0)
    settings.setPart("resourceAttributes", section, Object.fromEntries(others));
  mapDetection(section, settings, values.has("service.name"));
}

/** Without detectors, only the attributes of the file are used. */
function mapDetection(section: FileMap, settings: FileSettings, isNamed: boolean): void {
  const detection = mapAt(section, "detection/development");
  const names = itemsAt(detection, "detectors").flatMap((item) => componentAt(item)?.name ?? []);
  const all = ["env", ...names.flatMap((name) => detectors[name] ?? [])];
  settings.set(table.resourceDetectors, detection ?? section, [...new Set(all)].join(","));
  const filter = at(detection, "attributes");
  settings.setPart("detectedAttributes", filter, readFilter(filter));
  // The schema's service detector reads this variable.
  if (names.includes("service") && !isNamed) settings.keep(table.serviceName);
}

type AttributeValue = NonNullable<ScalarValue> | readonly NonNullable<ScalarValue>[];

function readAttributes(
  section: FileMap,
  settings: FileSettings,
): ReadonlyMap<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const item of itemsAt(section, "attributes")) {
    const name = textAt(item, "name");
    const node = at(item, "value");
    const value = node === undefined ? undefined : attributeValue(node);
    if (name === undefined || node === undefined || value === undefined) continue;
    const type = textAt(item, "type");
    if (type === undefined || hasType(value, type)) attributes.set(name, value);
    else settings.report(node, `expected a value of the type ${type}`);
  }
  return attributes;
}

function attributeValue(node: FileNode): AttributeValue | undefined {
  if (node.kind === "scalar") return node.value ?? undefined;
  if (node.kind === "map") return undefined;
  return valuesOf(node).filter((value) => value !== null);
}

function hasType(value: AttributeValue, type: string): boolean {
  const isList = type.endsWith("_array");
  const items = Array.isArray(value) ? (value as readonly ScalarValue[]) : [value as ScalarValue];
  const scalarType = isList ? type.slice(0, -"_array".length) : type;
  return isList === Array.isArray(value) && items.every((item) => isScalarOf(item, scalarType));
}

function isScalarOf(value: ScalarValue, type: string): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "int":
      return Number.isInteger(value);
    default:
      return typeof value === "number";
  }
}

/** Reads `included` and `excluded`. */
export function readFilter(node: FileNode | undefined): AttributeFilter | undefined {
  if (node?.kind !== "map") return undefined;
  return { included: textsAt(node, "included"), excluded: textsAt(node, "excluded") ?? [] };
}
