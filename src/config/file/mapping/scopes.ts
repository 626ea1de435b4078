import type { ScopeRule, ScopeRules, ScopeSettings } from "../../config.ts";
import { severities } from "../schema/common.ts";
import type { FileNode } from "../document.ts";
import { at, flagAt, itemsAt, textAt } from "../nodes.ts";

/**
 * Reads a configurator of tracers, meters or loggers.
 *
 * @returns undefined without one.
 */
export function readScopeRules(node: FileNode | undefined, list: string): ScopeRules | undefined {
  if (node?.kind !== "map") return undefined;
  const rules = itemsAt(node, list).flatMap((item): readonly ScopeRule[] => {
    const name = textAt(item, "name");
    return name === undefined ? [] : [{ name, settings: readSettings(at(item, "config")) }];
  });
  return { rules, others: readSettings(at(node, "default_config")) };
}

function readSettings(node: FileNode | undefined): ScopeSettings {
  const severity = textAt(node, "minimum_severity");
  return {
    isEnabled: flagAt(node, "enabled") ?? true,
    minSeverity: severity === undefined ? 0 : severities.indexOf(severity) + 1,
    isTraceBased: flagAt(node, "trace_based") ?? false,
  };
}
