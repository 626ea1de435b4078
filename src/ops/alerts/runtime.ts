import { minutesOf } from "../prometheus/duration.ts";
import { ratio } from "../prometheus/rate-queries.ts";
import { crashLoopRunbook, eventLoopRunbook, heapRunbook } from "../runbooks/runtime.ts";
import type { Alert } from "./alert.ts";
import { gauge, lengthOf, nothing, type Scenario } from "./scenario.ts";
import { gaugeScenarios, scenariosOf } from "./scenario-sets.ts";

const process = { job: "shop", instance: "a" };
const by = ["job", "instance"];

/** Alerts on Node.js itself. */
export const runtimeAlerts: readonly Alert[] = [
  {
    name: "EventLoopDelay",
    subject: "runtime",
    severity: "warning",
    meaning: "How late the event loop of a process runs its timers, in 99% of all cases.",
    threshold: {
      value: 0.1,
      unit: "seconds",
      fires: "above",
      reason: "Every request waits that long, once or more.",
    },
    window: "5m",
    for: "5m",
    by,
    value: ({ series, window }) =>
      `avg by (job, instance) (avg_over_time(${series("nodejs_eventloop_delay_p99_seconds")}[${window}]))`,
    summary:
      "The event loop of {{ $labels.instance }} of {{ $labels.job }} is {{ $value | humanizeDuration }} late",
    action: "Find the code that blocks: the stalls by route, and the stack in their event",
    runbook: eventLoopRunbook,
    panel: "Event loop delay, p99",
    scenarios: (context) =>
      gaugeScenarios(context, "nodejs_eventloop_delay_p99_seconds", process, process),
  },
  {
    name: "EventLoopBusy",
    subject: "runtime",
    severity: "warning",
    meaning: "The part of the time in which the event loop of a process is busy.",
    threshold: {
      value: 0.9,
      unit: "ratio",
      fires: "above",
      reason: "At that load requests queue up; one process can't do much more.",
    },
    window: "5m",
    for: "10m",
    by,
    value: ({ series, window }) =>
      `avg by (job, instance) (avg_over_time(${series("nodejs_eventloop_utilization_ratio")}[${window}]))`,
    summary:
      "The event loop of {{ $labels.instance }} of {{ $labels.job }} is busy {{ $value | humanizePercentage }} of the time",
    action: "Add processes, or find what needs the CPU",
    runbook: eventLoopRunbook,
    panel: "Event loop utilization",
    scenarios: (context) =>
      gaugeScenarios(context, "nodejs_eventloop_utilization_ratio", process, process),
  },
  {
    name: "HeapNearLimit",
    subject: "runtime",
    severity: "warning",
    meaning: "The part of its limit that the heap of a process has used up.",
    threshold: {
      value: 0.85,
      unit: "ratio",
      fires: "above",
      reason: "V8 collects garbage all the time from there on, and then ends the process.",
    },
    window: "5m",
    for: "5m",
    by,
    // The lowest of the window: garbage that was not collected yet is no danger.
    value: ({ series, window }) =>
      ratio(
        `sum by (job, instance) (min_over_time(${series("v8js_memory_heap_used_bytes")}[${window}]))`,
        `max by (job, instance) (${series("v8js_memory_heap_limit_bytes")} > 0)`,
      ),
    summary:
      "The heap of {{ $labels.instance }} of {{ $labels.job }} is at {{ $value | humanizePercentage }} of its limit",
    action: "Restart the process before it crashes, then find the leak by a heap snapshot",
    runbook: heapRunbook,
    panel: "Heap used",
    scenarios: (context) =>
      scenariosOf(context, process, (value, minutes) => [
        gauge("v8js_memory_heap_limit_bytes", process, 1000, minutes),
        ...["old_space", "new_space"].map((space) =>
          gauge(
            "v8js_memory_heap_used_bytes",
            { ...process, v8js_heap_space_name: space },
            value * 500,
            minutes,
          ),
        ),
      ]),
  },
  {
    name: "ProcessRestarts",
    subject: "runtime",
    severity: "warning",
    meaning: "How often a process was started again within 15 minutes.",
    threshold: {
      value: 2,
      unit: "number",
      fires: "above",
      reason: "A deployment restarts it once; three times is a crash loop.",
    },
    window: "15m",
    for: "0s",
    by,
    value: ({ series, window }) =>
      `max by (job, instance) (resets(${series("process_uptime_seconds")}[${window}]))`,
    summary: "{{ $labels.instance }} of {{ $labels.job }} has restarted {{ $value }} times",
    action: "Read the last lines before a restart: an exception, no memory, or a failing probe",
    runbook: crashLoopRunbook,
    panel: "Restarts",
    scenarios: (context) => {
      const minutes = lengthOf(context);
      // After the restarts it runs for as long as the alert waits.
      const rest = Math.ceil(minutesOf(context.for));
      const restarts = (times: number): string =>
        `600+60x${Math.max(0, minutes - times - rest - 1)} 500-1x${times - 1} 560+60x${rest}`;
      const restarting = (title: string, times: number): Scenario => ({
        ...{ title, minutes },
        series: [
          {
            metric: "process_uptime_seconds",
            labels: process,
            values: times === 0 ? `600+60x${minutes}` : restarts(times),
          },
        ],
      });
      const most = Math.floor(context.threshold);
      return {
        fires: [{ ...restarting("in a crash loop", most + 1), firing: process }],
        silent: [restarting("some restarts", most)],
        noTraffic: [restarting("no restart", 0), nothing(minutes)],
      };
    },
  },
];
