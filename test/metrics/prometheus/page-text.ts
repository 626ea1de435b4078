import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusConfig } from "../../../src/config/config.ts";
import type { Escaping } from "../../../src/metrics/prometheus/escaping.ts";
import type { NameConflict } from "../../../src/metrics/prometheus/families.ts";
import { type LabelConflict, LabelTexts } from "../../../src/metrics/prometheus/labels.ts";
import type { NameStyle } from "../../../src/metrics/prometheus/names.ts";
import type { TextFormat } from "../../../src/metrics/prometheus/negotiation.ts";
import { prometheusText } from "../../../src/metrics/prometheus/text.ts";

export const defaultPage: PrometheusConfig = {
  translation: "underscore_escaping_with_suffixes",
  scopeLabels: "others",
  resourceLabels: [],
  targetInfo: true,
  created: false,
};

interface PageTextOptions {
  readonly format?: TextFormat;
  readonly escaping?: Escaping;
  readonly config?: Partial<PrometheusConfig>;
  readonly onConflict?: (conflict: NameConflict) => void;
  readonly onLabelConflict?: (conflict: LabelConflict) => void;
  readonly onMerge?: (name: string) => void;
}

/** Renders a page as the default configuration does, with exceptions. */
export function pageText(metrics: ResourceMetrics, options: PageTextOptions = {}): string {
  return [...pagePieces(metrics, options)].join("");
}

export function pagePieces(
  metrics: ResourceMetrics,
  { format = "classic", escaping = "underscores", ...options }: PageTextOptions = {},
): IterableIterator<string> {
  const config = { ...defaultPage, ...options.config };
  const style: NameStyle = { translation: config.translation, format, escaping };
  return prometheusText(metrics, {
    style,
    config,
    labels: new LabelTexts(style, options.onLabelConflict ?? (() => {})),
    ownScope: "telltale",
    onConflict: options.onConflict ?? (() => {}),
    onMerge: options.onMerge ?? (() => {}),
  });
}
