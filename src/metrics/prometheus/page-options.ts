import type { PrometheusConfig } from "../../config/config.ts";
import type { RegistryMetric } from "../registries/registry-metric.ts";
import type { NameConflict } from "./families.ts";
import type { LabelTexts } from "./labels.ts";
import type { NameStyle } from "./names.ts";

/** How a page is rendered, in text or protobuf. */
export interface PageOptions {
  readonly style: NameStyle;
  readonly config: PrometheusConfig;
  /** The labels of this style; one for all pages, as they are cached. */
  readonly labels: LabelTexts;
  /** The scope of telltale's own metrics. */
  readonly ownScope: string;
  /** The metrics of the app's registries. */
  readonly registryMetrics?: readonly RegistryMetric[];
  /** Called for each metric that is left out. */
  readonly onConflict: (conflict: NameConflict) => void;
  /** Called for each metric with several series of the same labels, which become one. */
  readonly onMerge: (name: string) => void;
}
