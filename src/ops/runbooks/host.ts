import type { Runbook } from "../alerts/alert.ts";

/** When CPU is used up. */
export const cpuRunbook: Runbook = {
  users: "All pages get slower, most of all at peaks.",
  queries: [
    {
      question: "Which processes use it?",
      expr: "sum by (job, instance) (rate(process_cpu_time_seconds_total[5m]))",
    },
    {
      question: "Is the container throttled?",
      expr: "sum by (job, instance) (rate(telltale_container_cpu_throttled_periods_total[5m])) / sum by (job, instance) (rate(telltale_container_cpu_periods_total[5m]))",
    },
    {
      question: "Did traffic grow?",
      expr: "sum by (job) (rate(http_server_request_duration_seconds_count[5m])) / sum by (job) (rate(http_server_request_duration_seconds_count[5m] offset 1d))",
    },
  ],
  causes: [
    "More traffic.",
    "Code that became more expensive with a deployment.",
    "Garbage collection, because the heap is nearly full.",
  ],
  steps: [
    "Add processes or raise the limit if traffic grew.",
    "Compare with the version before, and roll back if it needed less.",
    "Take a CPU profile of one process (node --cpu-prof).",
  ],
};

/** When memory is used up. */
export const memoryRunbook: Runbook = {
  users: "Nothing yet; at the limit the system ends the process, and requests in flight fail.",
  queries: [
    {
      question: "How much of it is the process?",
      expr: "sum by (job, instance) (process_memory_usage_bytes)",
    },
    {
      question: "How much of that is the heap?",
      expr: "sum by (job, instance) (v8js_memory_heap_used_bytes)",
    },
    {
      question: "Were processes ended for it?",
      expr: "increase(telltale_container_oom_kills_total[1h])",
    },
  ],
  causes: [
    "A leak in the heap, or of buffers beside it.",
    "A limit of the container that is hardly above the limit of the heap.",
    "Other processes on the same host.",
  ],
  steps: [
    "Restart the process with the most memory.",
    "If the heap grows, follow the runbook of HeapNearLimit.",
    "Set --max-old-space-size to about three quarters of the container's limit.",
  ],
};

/** When a disk is nearly full. */
export const diskRunbook: Runbook = {
  users: "Nothing yet; uploads, logs and databases fail when the disk is full.",
  queries: [
    {
      question: "How fast does it fill?",
      expr: 'deriv(system_filesystem_usage_bytes{system_filesystem_state="free"}[6h]) * 86400',
    },
    {
      question: "When is it full?",
      expr: 'predict_linear(system_filesystem_usage_bytes{system_filesystem_state="free"}[6h], 86400) < 0',
    },
    {
      question: "Which file systems are there?",
      expr: "sum by (instance, system_device, system_filesystem_mountpoint, system_filesystem_state) (system_filesystem_usage_bytes)",
    },
  ],
  causes: [
    "Log files without a limit, or with too large a one.",
    "Uploads, temporary files or core dumps that are never deleted.",
    "A database or its backups that grow.",
  ],
  steps: [
    "Find the largest folders (du -xh --max-depth=2 / | sort -h | tail).",
    "Delete old logs and temporary files; a process may hold deleted ones open (lsof +L1).",
    "Lower TELLTALE_LOG_MAX_SIZE and TELLTALE_LOG_MAX_FILES if they are the cause.",
  ],
};
