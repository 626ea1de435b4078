import { availableParallelism } from "node:os";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";
import { observeDescriptors } from "./descriptors.ts";
import { readTextFile } from "./proc-file.ts";
import type { SlidingWindow } from "./sliding-window.ts";

/** Observes `process.*`: https://opentelemetry.io/docs/specs/semconv/system/process-metrics/ */
export function observeProcess(meter: StoreMeter, slidingWindow: SlidingWindow): void {
  observeCpu(meter, slidingWindow);
  observeDescriptors(meter, readTextFile);
  meter
    .createObservableUpDownCounter("process.memory.usage", {
      description: "The amount of physical memory in use.",
      unit: "By",
      valueType: INT,
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge("process.uptime", {
      description: "The time the process has been running.",
      unit: "s",
    })
    .addCallback((result) => result.observe(process.uptime()));
}

function observeCpu(meter: StoreMeter, slidingWindow: SlidingWindow): void {
  meter
    .createObservableCounter("process.cpu.time", {
      description: "Total CPU seconds broken down by different CPU modes.",
      unit: "s",
    })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { "cpu.mode": "user" });
      result.observe(system / 1e6, { "cpu.mode": "system" });
    });
  const cpus = availableParallelism();
  meter
    .createObservableGauge("process.cpu.utilization", {
      // Differs from the conventions ("since the last measurement"): with a window all readers see the same value.
      description:
        "Difference in process.cpu.time over the last 30 to 60 seconds, divided by the elapsed time and number of CPUs available to the process.",
      unit: "1",
    })
    .addCallback((result) => {
      const { user, system } = slidingWindow.cpuUtilization();
      result.observe(user / cpus, { "cpu.mode": "user" });
      result.observe(system / cpus, { "cpu.mode": "system" });
    });
}
