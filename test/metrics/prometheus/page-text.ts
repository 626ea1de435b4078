import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../../src/config/config.ts";
import type { Escaping } from "../../../src/metrics/prometheus/escaping.ts";
import type { NameConflict } from "../../../src/metrics/prometheus/families.ts";
import { type LabelConflict, LabelTexts } from "../../../src/metrics/prometheus/labels.ts";
import type { NameStyle } from "../../../src/metrics/prometheus/names.ts";
import type { PageFormat, TextFormat } from "../../../src/metrics/prometheus/negotiation.ts";
import type { PageOptions } from "../../../src/metrics/prometheus/page-options.ts";
import { prometheusProtobuf } from "../../../src/metrics/prometheus/protobuf.ts";
import type { RegistryMetric } from "../../../src/metrics/registries/registry-metric.ts";
import { prometheusText } from "../../../src/metrics/prometheus/text.ts";

export const defaultPage: PrometheusConfig = {
  translation: "underscore_escaping_with_suffixes",
  scopeLabels: "others",
  resourceLabels: [],
  targetInfo: true,
  created: false,
  nativeHistograms: false,
};

interface PageTestOptions {
  readonly escaping?: Escaping;
  readonly config?: Partial<PrometheusConfig>;
  readonly registryMetrics?: readonly RegistryMetric[];
  readonly onConflict?: (conflict: NameConflict) => void;
  readonly onLabelConflict?: (conflict: LabelConflict) => void;
  readonly onMerge?: (name: string) => void;
}

interface PageTextOptions extends PageTestOptions {
  readonly format?: TextFormat;
}

interface PageBytesOptions extends PageTestOptions {
  readonly onPiece?: (piece: Uint8Array) => void;
}

/** Renders a page as the default configuration does, with exceptions. */
export function pageText(metrics: ResourceMetrics, options: PageTextOptions = {}): string {
  return [...pagePieces(metrics, options)].join("");
}

export function pagePieces(
  metrics: ResourceMetrics,
  options: PageTextOptions = {},
): IterableIterator<string> {
  return prometheusText(metrics, pageOptions(options.format ?? "classic", options));
}

/** Renders the page in protobuf. */
export function pageBytes(metrics: ResourceMetrics, options: PageBytesOptions = {}): Buffer {
  const pieces: Uint8Array[] = [];
  for (const piece of prometheusProtobuf(metrics, pageOptions("protobuf", options))) {
    options.onPiece?.(piece);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function pageOptions(
  format: PageFormat,
  { escaping = "underscores", ...options }: PageTestOptions,
): PageOptions {
  const config = { ...defaultPage, ...options.config };
  const style: NameStyle = { translation: config.translation, format, escaping };
  return {
    style,
    config,
    labels: new LabelTexts(style, options.onLabelConflict ?? (() => {})),
    ownScope: "telltale",
    registryMetrics: options.registryMetrics ?? [],
    onConflict: options.onConflict ?? (() => {}),
    onMerge: options.onMerge ?? (() => {}),
  };
}
