import type { InstrumentKindName, MetricView, ViewAggregation } from "../../config.ts";
import * as table from "../../variables.ts";
import type { FileMap, FileNode } from "../document.ts";
import {
  at,
  type Component,
  componentAt,
  flagAt,
  itemsAt,
  mapAt,
  numberAt,
  scalarAt,
  textAt,
} from "../nodes.ts";
import { instrumentKinds } from "../schema/metrics.ts";
import type { FileSettings } from "../settings.ts";
import { ExporterNames, isOtlp, mapOtlp } from "./exporters.ts";
import { readFilter } from "./general.ts";
import { readScopeRules } from "./scopes.ts";

export function mapMetrics(root: FileMap, settings: FileSettings): void {
  const provider = mapAt(root, "meter_provider");
  mapReaders(provider, settings);
  settings.take(table.exemplarFilter, scalarAt(provider, "exemplar_filter"));
  const views = itemsAt(provider, "views").flatMap((item) => readView(item, settings));
  if (views.length > 0) settings.setPart("views", at(provider, "views"), views);
  const configurator = at(provider, "meter_configurator/development");
  settings.setPart("meters", configurator, readScopeRules(configurator, "meters"));
}

function mapReaders(provider: FileMap | undefined, settings: FileSettings): void {
  const names = new ExporterNames(settings);
  for (const item of itemsAt(provider, "readers")) {
    const reader = componentAt(item);
    const exporter = componentAt(reader?.options, "exporter");
    if (reader === undefined || exporter === undefined) continue;
    const own = names.add(exporter, "metrics");
    if (own === undefined) continue;
    mapCardinality(mapAt(reader.options, "cardinality_limits"), settings);
    if (reader.name === "pull") mapPrometheus(exporter, own);
    else mapPeriodic(reader, exporter, own);
  }
  names.set(table.metricsExporter, provider);
}

/** The interval of an OTLP exporter has precedence over that of the console. */
function mapPeriodic(reader: Component, exporter: Component, settings: FileSettings): void {
  const { options } = exporter;
  const isKnown = settings.texts.has(table.metricInterval.name);
  if (isOtlp(exporter) || !isKnown) {
    settings.take(table.metricInterval, scalarAt(reader.options, "interval"));
    settings.take(table.metricTimeout, scalarAt(reader.options, "timeout"));
  }
  if (!isOtlp(exporter)) return;
  const maxBatchSize = scalarAt(reader.options, "max_export_batch_size/development");
  settings.take(table.metricMaxExportBatchSize, maxBatchSize);
  mapOtlp(exporter, "metrics", settings);
  const temporality = scalarAt(options, "temporality_preference");
  if (temporality !== undefined)
    settings.set(table.temporality, temporality, String(temporality.value).replace("_", ""));
  settings.take(table.histogramAggregation, scalarAt(options, "default_histogram_aggregation"));
}

function mapPrometheus({ options }: Component, settings: FileSettings): void {
  settings.take(table.prometheusHost, scalarAt(options, "host"));
  settings.take(table.prometheusPort, scalarAt(options, "port"));
  mapSwitches(options, settings);
  const strategy = scalarAt(options, "translation_strategy");
  if (strategy !== undefined) {
    const name = String(strategy.value).replace("/development", "");
    settings.set(table.prometheusTranslation, strategy, name);
  }
  const labels =
    at(options, "resource_constant_labels") ?? at(options, "with_resource_constant_labels");
  settings.setPart("resourceLabels", labels, readFilter(labels));
}

/** Reads the switches of version 1.1, and those of 1.0, which are inverted. */
function mapSwitches(options: FileNode, settings: FileSettings): void {
  const scopes = scalarAt(options, "scope_info_enabled");
  const noScopes = scalarAt(options, "without_scope_info");
  const scope = scopes ?? noScopes;
  if (scope !== undefined) {
    const isOn = (flagAt(scope) ?? true) === (scope === scopes);
    settings.set(table.prometheusScopeLabels, scope, isOn ? "all" : "none");
  }
  const targets = scalarAt(options, "target_info_enabled/development");
  const target = targets ?? scalarAt(options, "without_target_info/development");
  if (target === undefined) return;
  const isOn = (flagAt(target) ?? true) === (target === targets);
  settings.set(table.prometheusTargetInfo, target, String(isOn));
}

function mapCardinality(limits: FileMap | undefined, settings: FileSettings): void {
  if (limits === undefined || settings.parts.cardinalityLimits !== undefined) return;
  settings.take(table.cardinalityLimits, scalarAt(limits, "default"));
  const byKind = instrumentKinds.flatMap((kind): [string, number][] => {
    const limit = numberAt(limits, kind);
    return limit === undefined ? [] : [[kind, limit]];
  });
  settings.setPart("cardinalityLimits", limits, Object.fromEntries(byKind));
}

function readView(node: FileNode, settings: FileSettings): readonly MetricView[] {
  const selector = mapAt(node, "selector");
  const stream = mapAt(node, "stream");
  if (selector === undefined || stream === undefined) return [];
  return [
    {
      selector: {
        name: textAt(selector, "instrument_name"),
        kind: textAt(selector, "instrument_type") as InstrumentKindName | undefined,
        unit: textAt(selector, "unit"),
        meterName: textAt(selector, "meter_name"),
        meterVersion: textAt(selector, "meter_version"),
        meterSchemaUrl: textAt(selector, "meter_schema_url"),
      },
      name: readStreamName(selector, stream, settings),
      description: textAt(stream, "description"),
      aggregation: readAggregation(componentAt(stream, "aggregation"), settings),
      cardinalityLimit: numberAt(stream, "aggregation_cardinality_limit"),
      attributes: readFilter(at(stream, "attribute_keys")),
    },
  ];
}

/** A view that selects several instruments must not give all of them one name. */
function readStreamName(
  selector: FileMap,
  stream: FileMap,
  settings: FileSettings,
): string | undefined {
  const name = scalarAt(stream, "name");
  if (name === undefined) return undefined;
  const selected = textAt(selector, "instrument_name");
  if (selected !== undefined && !/[*?]/.test(selected)) return String(name.value);
  settings.report(
    name,
    "has no effect: the selector has no instrument_name, or one with wildcards",
  );
  return undefined;
}

function readAggregation(
  aggregation: Component | undefined,
  settings: FileSettings,
): ViewAggregation | undefined {
  const options = aggregation?.options;
  const hasExtremes = flagAt(options, "record_min_max") ?? true;
  switch (aggregation?.name) {
    case "drop":
    case "sum":
    case "last_value":
      return { kind: aggregation.name };
    case "explicit_bucket_histogram": {
      const boundaries = readBoundaries(at(options, "boundaries"), settings);
      return { kind: "explicit_histogram", boundaries, hasExtremes };
    }
    case "base2_exponential_bucket_histogram": {
      const size = {
        maxSize: numberAt(options, "max_size"),
        maxScale: numberAt(options, "max_scale"),
      };
      return { kind: "exponential_histogram", size, hasExtremes };
    }
    default:
      return undefined;
  }
}

function readBoundaries(
  node: FileNode | undefined,
  settings: FileSettings,
): readonly number[] | undefined {
  if (node?.kind !== "list") return undefined;
  const numbers = node.items.map((item) => Number(item.kind === "scalar" ? item.value : NaN));
  if (numbers.every((limit, index) => index === 0 || limit > numbers[index - 1]!)) return numbers;
  settings.report(node, "expected increasing numbers");
  return undefined;
}
