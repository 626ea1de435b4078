import type { OpsOptions } from "../../options/ops-options.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { line, percentile } from "../queries.ts";
import { selected } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const byInstance = ["job", "instance"];
const INSTANCE = "{{job}} {{instance}}";

const noContainer: Pick<Panel, "silent"> = {
  silent: { reason: "The process runs in no control group with such a limit, or not on Linux." },
};
const noHost: Pick<Panel, "silent"> = { silent: { reason: "The process does not run on Linux." } };

/** Processes, Node, V8, the container and the host. */
export function runtimeDashboard(options: OpsOptions): Dashboard {
  return {
    name: "runtime",
    title: "Infrastructure and Node runtime",
    description: "Processes, event loop, memory and garbage collection, container and host.",
    variables: serviceVariables(options),
    rows: [processRow, loopRow, memoryRow, containerRow, hostRow],
  };
}

function perInstance(
  aggregation: "sum" | "max" | "min",
  metric: string,
  ...labels: string[]
): string {
  return `${aggregation} by (${[...byInstance, ...labels].join(", ")}) (${selected.series(metric)})`;
}

const processRow: Row = {
  title: "Processes",
  panels: [
    {
      title: "Processes and versions",
      description:
        "Processes at the end of the time range, with the versions of the service and of Node.",
      view: "table",
      unit: "number",
      width: 16,
      queries: [
        line(
          `count by (job, instance, service_version, process_runtime_version, host_name) (${selected.series("target_info")})`,
          "Processes",
        ),
      ],
    },
    {
      title: "Uptime",
      description: "Time since the start. A fall to 0 is a restart.",
      view: "timeseries",
      unit: "seconds",
      queries: [line(perInstance("max", "process_uptime_seconds"), INSTANCE)],
    },
    {
      title: "Restarts",
      description:
        "Restarts within the interval of a point. A container that is replaced has another instance, and is not counted.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          `sum by (job) (resets(${selected.series("process_uptime_seconds")}[${selected.window}]))`,
          "{{job}}",
        ),
      ],
    },
    {
      title: "Health checks of the app",
      description: "1 while a check passes, 0 while it fails.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          perInstance("min", "telltale_health_check_passing", "telltale_health_check_name"),
          `${INSTANCE} {{telltale_health_check_name}}`,
        ),
      ],
      silent: { reason: "The app has no health checks (addHealthCheck)." },
    },
    {
      title: "CPU",
      description: "Seconds of CPU time in each second: 1 is one core.",
      view: "timeseries",
      unit: "number",
      queries: [line(rateBy(byInstance, "process_cpu_time_seconds_total", selected), INSTANCE)],
    },
    {
      title: "Open file descriptors",
      description: "The part of the limit that is open.",
      view: "timeseries",
      unit: "ratio",
      queries: [
        line(
          `${perInstance("max", "process_open_file_descriptors")}\n/\n${perInstance("max", "telltale_process_open_file_descriptors_limit")}`,
          INSTANCE,
        ),
      ],
      silent: { reason: "Windows has no file descriptors." },
    },
  ],
};

const loopRow: Row = {
  title: "Event loop",
  panels: [
    {
      title: "Event-loop delay",
      description: "Half and 99% of the turns of the event loop come less late than this.",
      view: "timeseries",
      unit: "seconds",
      queries: [
        line(perInstance("max", "nodejs_eventloop_delay_p50_seconds"), `${INSTANCE} p50`),
        line(perInstance("max", "nodejs_eventloop_delay_p99_seconds"), `${INSTANCE} p99`),
      ],
    },
    {
      title: "Event-loop utilization",
      description: "The part of the time in which the event loop was busy.",
      view: "timeseries",
      unit: "ratio",
      queries: [line(perInstance("max", "nodejs_eventloop_utilization_ratio"), INSTANCE)],
    },
    {
      title: "Stalls by route and job",
      description:
        "Seconds in each second for which code blocked the event loop, by what it worked on.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          rateBy(
            ["http_request_method", "http_route", "telltale_job_name"],
            "telltale_eventloop_stall_duration_seconds_sum",
            selected,
          ),
          "{{http_request_method}} {{http_route}} {{telltale_job_name}}",
        ),
      ],
      silent: { reason: "Nothing has blocked the event loop." },
    },
    {
      title: "Active resources",
      description:
        "Handles and requests that keep the process alive: sockets, timers, files. They grow if something leaks.",
      view: "timeseries",
      unit: "number",
      queries: [
        line(
          perInstance("sum", "v8js_resource_active", "v8js_resource_type"),
          `${INSTANCE} {{v8js_resource_type}}`,
        ),
      ],
    },
  ],
};

const memoryRow: Row = {
  title: "Memory",
  panels: [
    {
      title: "Resident memory",
      description: "Memory of the process: heap, buffers, code and native libraries.",
      view: "timeseries",
      unit: "bytes",
      queries: [line(perInstance("sum", "process_memory_usage_bytes"), INSTANCE)],
    },
    {
      title: "Heap by space",
      description:
        "Used bytes of the heap, of all selected processes. old_space grows if something leaks.",
      view: "timeseries",
      unit: "bytes",
      isStacked: true,
      queries: [
        line(
          `sum by (job, v8js_heap_space_name) (${selected.series("v8js_memory_heap_used_bytes")})`,
          "{{job}} {{v8js_heap_space_name}}",
        ),
      ],
    },
    {
      title: "Used heap",
      description: "The part of the heap's limit that is used. Near 100%, the process ends.",
      view: "timeseries",
      unit: "ratio",
      queries: [
        line(
          `${perInstance("sum", "v8js_memory_heap_used_bytes")}\n/\n${perInstance("sum", "v8js_memory_heap_limit_bytes")}`,
          INSTANCE,
        ),
      ],
    },
    {
      title: "Garbage collections",
      description: "Collections per second, by type.",
      view: "timeseries",
      unit: "events per second",
      queries: [
        line(
          rateBy(["job", "v8js_gc_type"], "v8js_gc_duration_seconds_count", selected),
          "{{job}} {{v8js_gc_type}}",
        ),
      ],
    },
    {
      title: "Time of garbage collection",
      description: "The part of the time in which a process collected garbage.",
      view: "timeseries",
      unit: "ratio",
      queries: [line(rateBy(byInstance, "v8js_gc_duration_seconds_sum", selected), INSTANCE)],
    },
    {
      title: "Pause of garbage collection, p99",
      description: "99% of the collections take less.",
      view: "timeseries",
      unit: "seconds",
      queries: [
        line(
          percentile(0.99, ["job", "v8js_gc_type"], "v8js_gc_duration_seconds", selected),
          "{{job}} {{v8js_gc_type}}",
        ),
      ],
    },
  ],
};

const containerRow: Row = {
  title: "Container",
  panels: [
    {
      title: "CPU of the container",
      description: "The part of the container's limit that is used.",
      view: "timeseries",
      unit: "ratio",
      ...noContainer,
      queries: [
        line(
          `${rateBy(byInstance, "container_cpu_time_seconds_total", selected)}\n/\n${perInstance("max", "telltale_container_cpu_limit")}`,
          INSTANCE,
        ),
      ],
    },
    {
      title: "Throttled periods",
      description:
        "The part of the periods of the scheduler in which the container had to wait for CPU.",
      view: "timeseries",
      unit: "ratio",
      ...noContainer,
      queries: [
        line(
          `${rateBy(byInstance, "telltale_container_cpu_throttled_periods_total", selected)}\n/\n(${rateBy(byInstance, "telltale_container_cpu_periods_total", selected)} > 0)`,
          INSTANCE,
        ),
      ],
    },
    {
      title: "Memory of the container",
      description:
        "The part of the container's limit that is used. At 100%, the kernel ends a process.",
      view: "timeseries",
      unit: "ratio",
      ...noContainer,
      queries: [
        line(
          `${perInstance("max", "container_memory_usage_bytes")}\n/\n${perInstance("max", "telltale_container_memory_limit_bytes")}`,
          INSTANCE,
        ),
      ],
    },
    {
      title: "Processes ended for lack of memory",
      description:
        "Processes of the container that the kernel has ended, within the interval of a point.",
      view: "timeseries",
      unit: "number",
      ...noContainer,
      queries: [
        line(
          `sum by (job, instance) (increase(${selected.series("telltale_container_oom_kills_total")}[${selected.window}]))`,
          INSTANCE,
        ),
      ],
    },
  ],
};

const hostRow: Row = {
  title: "Host",
  panels: [
    {
      title: "CPU of the host",
      description: "Cores in use, by mode. Each process on a host reports the same.",
      view: "timeseries",
      unit: "number",
      isStacked: true,
      ...noHost,
      queries: [
        line(
          `max by (instance, cpu_mode) (rate(${selected.series("system_cpu_time_seconds_total", ["cpu_mode", "!=", "idle"])}[${selected.window}]))`,
          "{{instance}} {{cpu_mode}}",
        ),
      ],
    },
    {
      title: "Memory of the host",
      description: "The part of the memory that is used.",
      view: "timeseries",
      unit: "ratio",
      ...noHost,
      queries: [
        line(
          `max by (instance) (${selected.series("system_memory_usage_bytes", ["system_memory_state", "=", "used"])})\n/\nmax by (instance) (${selected.series("system_memory_limit_bytes")})`,
          "{{instance}}",
        ),
      ],
    },
    {
      title: "Free space of filesystems",
      description: "The part that is free.",
      view: "timeseries",
      unit: "ratio",
      ...noHost,
      queries: [
        line(
          `max by (instance, system_filesystem_mountpoint) (${selected.series("system_filesystem_usage_bytes", ["system_filesystem_state", "=", "free"])})\n/\nsum by (instance, system_filesystem_mountpoint) (max by (instance, system_filesystem_mountpoint, system_filesystem_state) (${selected.series("system_filesystem_usage_bytes")}))`,
          "{{instance}} {{system_filesystem_mountpoint}}",
        ),
      ],
    },
    {
      title: "Disks",
      description: "Bytes per second that are read and written.",
      view: "timeseries",
      unit: "bytes per second",
      ...noHost,
      queries: [
        line(
          `max by (instance, system_device, disk_io_direction) (rate(${selected.series("system_disk_io_bytes_total")}[${selected.window}]))`,
          "{{instance}} {{system_device}} {{disk_io_direction}}",
        ),
      ],
    },
    {
      title: "Network",
      description: "Bytes per second that are received and sent.",
      view: "timeseries",
      unit: "bytes per second",
      ...noHost,
      queries: [
        line(
          `max by (instance, network_interface_name, network_io_direction) (rate(${selected.series("system_network_io_bytes_total")}[${selected.window}]))`,
          "{{instance}} {{network_interface_name}} {{network_io_direction}}",
        ),
      ],
    },
  ],
};
