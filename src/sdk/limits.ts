import { isMainThread } from "node:worker_threads";
import type { Config, OtlpConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { SdkDeps } from "./sdk-deps.ts";

/** Returns what in the configuration needs telltale's own pipelines; undefined without it. */
export function findObstacle({ config, isObserved }: SdkDeps): string | undefined {
  const { traces, metrics, logs, viewer } = config;
  if (!isMainThread) return "a worker thread";
  if (viewer.url !== undefined) return "TELLTALE_VIEWER";
  if (isObserved) return "TELLTALE_DEV_LOG and telltale/testing";
  if (hasScopeRules(config)) return "the rules of scopes in OTEL_CONFIG_FILE";
  const used = [traces, metrics, logs].flatMap(({ otlp, exporters, further = [] }) => [
    ...((exporters as readonly string[]).includes("otlp") ? [otlp] : []),
    ...further.map((other): OtlpConfig => other.otlp),
  ]);
  if (used.some(({ protocol }) => protocol === "grpc")) return "OTEL_EXPORTER_OTLP_PROTOCOL=grpc";
  if (used.some(({ gateways }) => gateways !== undefined)) return "TELLTALE_OTLP_ENDPOINTS";
  return undefined;
}

/** The rules of a configuration file for tracers, loggers and meters. */
function hasScopeRules({ traces, metrics, logs }: Config): boolean {
  return (traces.scopes ?? logs.scopes ?? metrics.views?.scopes) !== undefined;
}

/** Logs in one line which settings have no effect with the SDK's pipelines. */
export function reportLimits({ traces, metrics }: Config, diagnostics: Diagnostics): void {
  const ignored = [
    ...(traces.keepSlowMs === undefined ? [] : ["TELLTALE_KEEP_SLOW_MS"]),
    ...(metrics.views?.expireMs === undefined ? [] : ["TELLTALE_METRICS_EXPIRE_MS"]),
    ...(metrics.maxBatchSize === undefined ? [] : ["TELLTALE_METRICS_MAX_EXPORT_BATCH_SIZE"]),
    ...(metrics.prometheus.nativeHistograms ? ["TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS"] : []),
  ];
  const isSampled = traces.sampler.name.endsWith("always_on");
  const lines = [
    ...(ignored.length > 0 ? [`${ignored.join(" and ")} have no effect`] : []),
    ...(isSampled ? [] : ["traces of errors are exported only if the sampler selects them"]),
  ];
  if (lines.length > 0)
    diagnostics.warn("pipeline", `with TELLTALE_PIPELINE=sdk ${lines.join(", and ")}`);
}
