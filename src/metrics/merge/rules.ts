import type { MetricData } from "@opentelemetry/sdk-metrics";
import { isSummary } from "../../export/summary-data.ts";
import { GAUGE } from "../reader-state.ts";
import type { MetricMergeRule, MetricMergeRuleName } from "../../config/config.ts";

/** Returns the rule between threads: gauges can't be added, so they get the label of their thread. */
export function threadRule(metric: MetricData): MetricMergeRuleName {
  return defaultRule(metric);
}

/**
 * The rules between processes that differ from the default of the kind. The first entry
 * that matches applies.
 */
const processRules: readonly MetricMergeRule[] = [
  // The worst process. Percentiles can't be added or averaged.
  { pattern: "nodejs.eventloop.delay.min", rule: "min" },
  { pattern: "nodejs.eventloop.delay.*", rule: "max" },
  // Shares of the CPUs of the host, which do add up.
  { pattern: "process.cpu.utilization", rule: "sum" },
  // The process that is nearest to its limit.
  { pattern: "process.open_file_descriptors", rule: "max" },
  { pattern: "telltale.process.open_file_descriptors.limit", rule: "min" },
  // The oldest process.
  { pattern: "process.uptime", rule: "max" },
  // Read at the broker, so each process sees the same queue.
  { pattern: "telltale.queue.*", rule: "max" },
  { pattern: "kafka.consumer_group.lag", rule: "max" },
  // The process that is not ready, and the check that fails in any process.
  { pattern: "telltale.health.*", rule: "min" },
  // Of the host and the container, the same in each process.
  { pattern: "system.*", rule: "max" },
  { pattern: "container.*", rule: "max" },
];

/**
 * Returns the function that selects the rule between processes: of the app's
 * configuration, else of the table above, else of the kind.
 */
export function createProcessRule(
  configured: readonly MetricMergeRule[],
): (metric: MetricData) => MetricMergeRuleName {
  const entries = [...configured, ...processRules];
  return (metric) => {
    if (isSummary(metric)) return "separate";
    const { name } = metric.descriptor;
    return entries.find(({ pattern }) => matches(pattern, name))?.rule ?? defaultRule(metric);
  };
}

/** Counters, up-down counters and histograms add up; gauges and quantiles do not. */
function defaultRule(metric: MetricData): MetricMergeRuleName {
  return metric.dataPointType === GAUGE || isSummary(metric) ? "separate" : "sum";
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
