import { closest, suggest } from "../../suggest.ts";
import * as table from "../../variables.ts";
import { describe } from "../check.ts";
import type { FileMap, FileNode } from "../document.ts";
import { at, mapAt, scalarAt, textsAt } from "../nodes.ts";
import type { FileSettings } from "../settings.ts";

/** @param known the names of all instrumentations; undefined: names are not checked. */
export function mapInstrumentation(
  root: FileMap,
  settings: FileSettings,
  known: ReadonlySet<string> | undefined,
): void {
  const section = mapAt(root, "instrumentation/development");
  const general = mapAt(section, "general");
  settings.take(table.semconvOptIn, scalarAt(general, "stability_opt_in_list"));
  const methods =
    at(general, "http", "server", "known_methods") ??
    at(general, "http", "client", "known_methods");
  if (methods !== undefined)
    settings.set(table.knownMethods, methods, textsAt(methods)?.join(",") || "_OTHER");
  mapQueryParameters(at(general, "sanitization", "url", "sensitive_query_parameters"), settings);
  mapLibraries(mapAt(section, "js"), settings, known);
}

function mapQueryParameters(node: FileNode | undefined, settings: FileSettings): void {
  const names = textsAt(node) ?? [];
  if (node === undefined) return;
  if (names.length > 0) settings.set(table.redaction, node, names.join(","));
  else
    settings.report(
      node,
      "has no effect: the policy of secrets stays; TELLTALE_REDACT has exceptions",
    );
}

/** Reads the instrumentations by their names, each with options, and `enabled`. */
function mapLibraries(
  libraries: FileMap | undefined,
  settings: FileSettings,
  known: ReadonlySet<string> | undefined,
): void {
  const disabled: string[] = [];
  for (const [key, node] of libraries?.entries ?? []) {
    const name = shortNameOf(key);
    if (known?.has(name) === false) {
      reportUnknown(name, node, settings, known);
      continue;
    }
    for (const [option, value] of node.kind === "map" ? node.entries : []) {
      if (option === "enabled" && value.kind === "scalar" && value.value === false)
        disabled.push(name);
      else mapOption(name, option, value, settings);
    }
  }
  if (libraries !== undefined && disabled.length > 0)
    settings.set(table.disabledInstrumentations, libraries, disabled.join(","));
}

/** Other distributions have other instrumentations: only a probable misspelling is reported. */
function reportUnknown(
  name: string,
  node: FileNode,
  settings: FileSettings,
  known: ReadonlySet<string>,
): void {
  const suggestion = suggest(name.toLowerCase(), [...known]);
  if (suggestion !== undefined)
    settings.report(node, `the instrumentation is not known, did you mean ${suggestion}?`);
}

function shortNameOf(key: string): string {
  return key.replace("@opentelemetry/instrumentation-", "");
}

function mapOption(name: string, option: string, value: FileNode, settings: FileSettings): void {
  const options = table.instrumentationOptions.filter(
    ({ instrumentation }) => instrumentation === name,
  );
  const found = options.find((one) => plain(one.option) === plain(option));
  const text = textOf(value);
  if (found !== undefined && text !== undefined) settings.set(found.variable, value, text);
  else if (found !== undefined)
    settings.report(value, `received ${describe(value)}, expected a value`);
  // It is on by default.
  else if (option !== "enabled") {
    const names = ["enabled", ...options.map((one) => snakeCase(one.option))];
    const suggestion = suggest(option, names);
    const hint =
      suggestion === undefined ? `expected ${names.join(", ")}` : `did you mean ${suggestion}?`;
    settings.report(value, `the option is not known, ${hint}`);
  }
}

function plain(option: string): string {
  return option.replaceAll("_", "").toLowerCase();
}

function snakeCase(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns a value as variables have it: a list with commas. */
function textOf(node: FileNode): string | undefined {
  if (node.kind === "map") return undefined;
  if (node.kind === "scalar") return node.value === null ? undefined : String(node.value);
  return textsAt(node)?.join(",");
}

/**
 * Reads `distribution.telltale`, which has variables by their names in lower case, without
 * `telltale_`.
 */
export function mapDistribution(root: FileMap, settings: FileSettings): void {
  const section = at(root, "distribution", "telltale");
  if (section === undefined) return;
  if (section.kind !== "map") {
    settings.report(section, `received ${describe(section)}, expected a map`);
    return;
  }
  const rows = new Map(
    table.variables
      .filter(({ unsupported }) => unsupported === undefined)
      .map((variable) => [keyOfVariable(variable.name), variable]),
  );
  for (const [key, node] of section.entries) {
    const variable = rows.get(key);
    const text = textOf(node);
    if (variable === undefined) {
      const suggestion = closest(key, rows.keys(), 4);
      const hint = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
      settings.report(node, `the key is not known${hint}`);
    } else if (text !== undefined) settings.set(variable, node, text);
    else if (node.kind === "map")
      settings.report(node, "received a map, expected a value or a list");
  }
}

/** Returns the key of a variable in `distribution.telltale`. */
export function keyOfVariable(name: string): string {
  return name.toLowerCase().replace(/^telltale_/, "");
}
