import type { Config } from "../config/config.ts";
import { libraryRows } from "./table.ts";
import { upstreamRows } from "./upstream/generated/rows.ts";

/** What is part of Node, publishes diagnostics channels or depends on the environment needs no row. */
const INSTRUMENTATIONS_WITHOUT_ROW = ["aws-lambda", "console", "http"];

/**
 * All that `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `_DISABLED_` may name:
 * upstream's short names, of what we have.
 */
export const knownInstrumentations: ReadonlySet<string> = new Set([
  ...INSTRUMENTATIONS_WITHOUT_ROW,
  ...[...libraryRows, ...upstreamRows].map(({ instrumentation }) => instrumentation),
]);

/**
 * Node's own modules, of which every request would bring several spans more:
 * on only for who names them, there or by their option `enabled`.
 */
const DISABLED_BY_DEFAULT: ReadonlySet<string> = new Set(["dns", "fs", "net"]);

/** Both variables together: the enabled ones (all if not said) without the disabled. */
export function isInstrumentationEnabled(
  name: string,
  config: Config["instrumentations"],
): boolean {
  if (config.disabled.includes(name)) return false;
  if (config.options[name]?.["enabled"] === true) return true;
  return config.enabled?.includes(name) ?? !DISABLED_BY_DEFAULT.has(name);
}
