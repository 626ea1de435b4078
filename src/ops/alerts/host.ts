import type { Matcher } from "../prometheus/promql.ts";
import { ratio } from "../prometheus/rate-queries.ts";
import { cpuRunbook, diskRunbook, memoryRunbook } from "../runbooks/host.ts";
import type { Alert } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import {
  counter,
  gauge,
  lengthOf,
  nothing,
  partAbove,
  type Scenario,
  type Series,
} from "./scenario.ts";
import { scenariosOf } from "./scenario-sets.ts";

const process = { job: "shop", instance: "a" };
const by = ["job", "instance"];

/** Alerts on the container or the host of a process. */
export const hostAlerts: readonly Alert[] = [
  {
    name: "HighCpu",
    subject: "host",
    severity: "warning",
    meaning:
      "The part of the CPU limit of the container that is used, or of the host's CPUs without one.",
    threshold: {
      value: 0.7,
      unit: "ratio",
      fires: "above",
      reason: "Requests begin to queue up, and a failover needs the rest.",
    },
    window: "5m",
    for: "15m",
    by,
    value: (context) => `${containerCpu(context)}\nor\n${hostCpu(context)}`,
    summary:
      "{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of its CPU",
    action: "Add processes or CPU, after a look at what changed",
    runbook: cpuRunbook,
    panel: "CPU used",
    scenarios: (context) => {
      const container = scenariosOf(context, process, containerSeries);
      const host = scenariosOf(context, process, hostSeries);
      const minutes = lengthOf(context);
      // The container has little to do on a host that is busy with others.
      const mixed: Scenario = {
        title: "a busy host of a container with a limit",
        minutes,
        series: [...containerSeries(context.threshold / 2, minutes), ...hostSeries(0.99, minutes)],
      };
      return {
        fires: [...container.fires, ...host.fires],
        silent: [...container.silent, ...host.silent, mixed],
        noTraffic: container.noTraffic,
      };
    },
  },
  {
    name: "HighMemory",
    subject: "host",
    severity: "warning",
    meaning:
      "The part of the memory limit of the container that is used, or of the host's memory without one.",
    threshold: {
      value: 0.8,
      unit: "ratio",
      fires: "above",
      reason: "At the limit the system ends the process without a warning.",
    },
    for: "5m",
    by,
    value: ({ series }) =>
      [
        ratio(
          `sum by (job, instance) (${series("container_memory_usage_bytes")})`,
          `sum by (job, instance) (${series("telltale_container_memory_limit_bytes")} > 0)`,
        ),
        "or",
        ratio(
          `sum by (job, instance) (${series("system_memory_usage_bytes", ["system_memory_state", "=", "used"])})`,
          `sum by (job, instance) (${series("system_memory_limit_bytes")})`,
        ),
      ].join("\n"),
    summary:
      "{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of its memory",
    action: "Find out whether memory grows without end, or the limit is too low",
    runbook: memoryRunbook,
    panel: "Memory used",
    scenarios: (context) => {
      const container = scenariosOf(context, process, (value, minutes) => [
        gauge("container_memory_usage_bytes", process, value * 1000, minutes),
        gauge("telltale_container_memory_limit_bytes", process, 1000, minutes),
        ...hostMemory(0, minutes),
      ]);
      const host = scenariosOf(context, process, hostMemory);
      return {
        fires: [...container.fires, ...host.fires],
        silent: [...container.silent, ...host.silent],
        noTraffic: container.noTraffic,
      };
    },
  },
  {
    name: "LowDiskSpace",
    subject: "host",
    severity: "warning",
    meaning: "The part of a file system that is free.",
    threshold: {
      value: 0.2,
      unit: "ratio",
      fires: "below",
      reason: "Databases and logs fail when it is full, and clean-up takes its time.",
    },
    for: "10m",
    by: [...by, "system_filesystem_mountpoint"],
    value: ({ series }) =>
      ratio(
        `sum by (job, instance, system_filesystem_mountpoint) (${series("system_filesystem_usage_bytes", ["system_filesystem_state", "=", "free"])})`,
        `sum by (job, instance, system_filesystem_mountpoint) (${series("system_filesystem_usage_bytes")})`,
      ),
    summary:
      "{{ $value | humanizePercentage }} of {{ $labels.system_filesystem_mountpoint }} on {{ $labels.instance }} of {{ $labels.job }} is free",
    action: "Find what grows, and delete or move it; old log files first",
    runbook: diskRunbook,
    panel: "Disk space free",
    scenarios: (context) => {
      const labels = { ...process, system_filesystem_mountpoint: "/data" };
      const minutes = lengthOf(context);
      const free = (title: string, part: number): Scenario => ({
        ...{ title, minutes },
        series: [
          diskSeries(labels, "free", part, minutes),
          diskSeries(labels, "used", 1 - part, minutes),
        ],
      });
      const { threshold } = context;
      return {
        fires: [{ ...free("below the threshold", threshold * 0.9), firing: labels }],
        silent: [free("just above the threshold", partAbove(threshold))],
        noTraffic: [free("an empty disk", 1), nothing(minutes)],
      };
    },
  },
];

function containerCpu({ series, window }: AlertContext): string {
  return ratio(
    `sum by (job, instance) (rate(${series("container_cpu_time_seconds_total")}[${window}]))`,
    `sum by (job, instance) (${series("telltale_container_cpu_limit")} > 0)`,
  );
}

function hostCpu({ series, window }: AlertContext): string {
  const cpu = (...modes: readonly Matcher[]): string =>
    `sum by (job, instance) (rate(${series("system_cpu_time_seconds_total", ...modes)}[${window}]))`;
  return ratio(cpu(["cpu_mode", "!~", "idle|iowait|steal"]), cpu());
}

function containerSeries(part: number, minutes: number): readonly Series[] {
  return [
    counter(
      "container_cpu_time_seconds_total",
      { ...process, cpu_mode: "user" },
      part * 120,
      minutes,
    ),
    gauge("telltale_container_cpu_limit", process, 2, minutes),
  ];
}

function hostSeries(part: number, minutes: number): readonly Series[] {
  const cpu = (mode: string, seconds: number): Series =>
    counter("system_cpu_time_seconds_total", { ...process, cpu_mode: mode }, seconds, minutes);
  return [cpu("user", part * 240), cpu("idle", Math.max(0, 1 - part) * 240)];
}

function hostMemory(part: number, minutes: number): readonly Series[] {
  const usage = (state: string, bytes: number): Series =>
    gauge("system_memory_usage_bytes", { ...process, system_memory_state: state }, bytes, minutes);
  return [
    usage("used", part * 1000),
    usage("free", Math.max(0, 1 - part) * 1000),
    gauge("system_memory_limit_bytes", process, 1000, minutes),
  ];
}

function diskSeries(
  labels: Readonly<Record<string, string>>,
  state: string,
  part: number,
  minutes: number,
): Series {
  const metric = "system_filesystem_usage_bytes";
  return gauge(metric, { ...labels, system_filesystem_state: state }, part * 1000, minutes);
}
