import type { BatchObservableResult, MetricOptions, Observable } from "@opentelemetry/api";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";
import { type ControlGroup, ControlGroupReader } from "./control-group.ts";
import { shareResult, type TextReader } from "./proc-file.ts";

const MAX_AGE_MS = 1000;

/** A metric of the control group. */
interface ContainerMetric {
  readonly kind: "counter" | "level";
  readonly name: string;
  readonly options: MetricOptions;
  readonly valueOf: (group: ControlGroup) => number | undefined;
}

/**
 * Those without a counterpart in the conventions have names of their own:
 * https://opentelemetry.io/docs/specs/semconv/system/container-metrics/
 */
const metrics: readonly ContainerMetric[] = [
  {
    kind: "level",
    name: "container.memory.usage",
    options: { description: "Memory usage of the container.", unit: "By", valueType: INT },
    valueOf: ({ memoryBytes }) => memoryBytes,
  },
  {
    kind: "level",
    name: "telltale.container.memory.limit",
    options: {
      description: "The memory above which the kernel ends a process of the container.",
      unit: "By",
      valueType: INT,
    },
    valueOf: ({ memoryLimitBytes }) => memoryLimitBytes,
  },
  {
    kind: "counter",
    name: "telltale.container.oom_kills",
    options: {
      description: "The number of processes that the kernel ended for lack of memory.",
      unit: "{process}",
      valueType: INT,
    },
    valueOf: ({ oomKills }) => oomKills,
  },
  {
    kind: "level",
    name: "telltale.container.cpu.limit",
    options: { description: "The CPUs that the container may use.", unit: "{cpu}" },
    valueOf: ({ cpuLimit }) => cpuLimit,
  },
  {
    kind: "counter",
    name: "telltale.container.cpu.periods",
    options: {
      description: "The number of periods in which the container's CPU limit applied.",
      unit: "{period}",
      valueType: INT,
    },
    valueOf: ({ periods }) => periods,
  },
  {
    kind: "counter",
    name: "telltale.container.cpu.throttled.periods",
    options: {
      description: "The number of periods in which the container reached its CPU limit.",
      unit: "{period}",
      valueType: INT,
    },
    valueOf: ({ throttledPeriods }) => throttledPeriods,
  },
  {
    kind: "counter",
    name: "telltale.container.cpu.throttled.time",
    options: {
      description: "The time for which the container had to wait because of its CPU limit.",
      unit: "s",
    },
    valueOf: ({ throttledSeconds }) => throttledSeconds,
  },
];

/** Observes the limits and the use of the process's control group, of version 2 or 1, if it has one. */
export function observeContainer(meter: StoreMeter, read: TextReader): void {
  const time = meter.createObservableCounter("container.cpu.time", {
    description: "Total CPU time consumed.",
    unit: "s",
  });
  const instruments = metrics.map(({ kind, name, options, valueOf }) => ({
    instrument:
      kind === "counter"
        ? meter.createObservableCounter(name, options)
        : meter.createObservableUpDownCounter(name, options),
    valueOf,
  }));
  const reader = new ControlGroupReader(read);
  const readGroup = shareResult(() => reader.read(), MAX_AGE_MS);
  meter.addBatchObservableCallback(
    async (result) => {
      const group = await readGroup();
      observeTime(result, time, group);
      for (const { instrument, valueOf } of instruments) {
        const value = valueOf(group);
        if (value !== undefined) result.observe(instrument, value);
      }
    },
    [time, ...instruments.map(({ instrument }) => instrument)],
  );
}

function observeTime(
  result: BatchObservableResult,
  time: Observable,
  { userSeconds, systemSeconds }: ControlGroup,
): void {
  if (userSeconds !== undefined) result.observe(time, userSeconds, { "cpu.mode": "user" });
  if (systemSeconds !== undefined) result.observe(time, systemSeconds, { "cpu.mode": "system" });
}
