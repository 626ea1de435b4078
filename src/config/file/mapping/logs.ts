import * as table from "../../variables.ts";
import type { FileMap } from "../document.ts";
import { at, mapAt, scalarAt } from "../nodes.ts";
import type { FileSettings } from "../settings.ts";
import { mapProcessors } from "./exporters.ts";
import { readScopeRules } from "./scopes.ts";

export function mapLogs(root: FileMap, settings: FileSettings): void {
  const provider = mapAt(root, "logger_provider");
  const { logsExporter: exporter, logRecordBatch: batch } = table;
  mapProcessors(provider, { signal: "logs", exporter, batch }, settings);
  const limits = at(provider, "limits");
  const length = scalarAt(limits, "attribute_value_length_limit");
  settings.take(table.logRecordAttributeLength, length);
  settings.take(table.logRecordAttributeCount, scalarAt(limits, "attribute_count_limit"));
  const configurator = at(provider, "logger_configurator/development");
  settings.setPart("loggers", configurator, readScopeRules(configurator, "loggers"));
}
