import type { Config } from "../config/config.ts";
import { table } from "./table.ts";

/** What is part of Node, or publishes diagnostics channels, needs no row in the table. */
const WITHOUT_ROW = ["http", "undici"];

/**
 * All that `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `_DISABLED_` may name:
 * upstream's short names, of what we have.
 */
export const knownInstrumentations: ReadonlySet<string> = new Set([
  ...WITHOUT_ROW,
  ...table.map(({ instrumentation }) => instrumentation),
]);

/** Both variables together: the enabled ones (all if not said) without the disabled. */
export function isEnabled(name: string, config: Config["instrumentations"]): boolean {
  if (config.disabled.includes(name)) return false;
  return config.enabled === undefined || config.enabled.includes(name);
}
