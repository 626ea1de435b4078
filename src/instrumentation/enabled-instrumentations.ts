import type { Config } from "../config/config.ts";
import { libraryRows } from "./table.ts";
import { upstreamRows } from "./upstream/generated/rows.ts";

/**
 * Instrumentations of Node's own features, of diagnostics channels, or of files
 * that only the environment names.
 */
const INSTRUMENTATIONS_WITHOUT_ROW = ["aws-lambda", "console", "http"];

/**
 * Every name that `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` accept: upstream's short names.
 */
export const knownInstrumentations: ReadonlySet<string> = new Set([
  ...INSTRUMENTATIONS_WITHOUT_ROW,
  ...[...libraryRows, ...upstreamRows].map(({ instrumentation }) => instrumentation),
]);

/**
 * Built-in modules that add several spans to every request. They are enabled only
 * by name, in the variable or by their option `enabled`.
 */
const DISABLED_BY_DEFAULT: ReadonlySet<string> = new Set(["dns", "fs", "net"]);

/**
 * Combines both variables: the enabled instrumentations (by default all) without
 * the disabled ones.
 */
export function isInstrumentationEnabled(
  name: string,
  config: Config["instrumentations"],
): boolean {
  if (config.disabled.includes(name)) return false;
  if (config.options[name]?.["enabled"] === true) return true;
  return config.enabled?.includes(name) ?? !DISABLED_BY_DEFAULT.has(name);
}
