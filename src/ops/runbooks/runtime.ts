import type { Runbook } from "../alerts/alert.ts";

/** When the event loop is blocked or busy. */
export const eventLoopRunbook: Runbook = {
  users: "All pages of the process are slow, health checks too.",
  queries: [
    {
      question: "Which routes or jobs block it?",
      expr: "topk(5, sum by (job, http_route, telltale_job_name) (rate(telltale_eventloop_stall_duration_seconds_sum[5m])))",
    },
    {
      question: "Is it the garbage collector?",
      expr: "sum by (job, instance, v8js_gc_type) (rate(v8js_gc_duration_seconds_sum[5m]))",
    },
    {
      question: "Do all processes have it, or one?",
      expr: "max by (job, instance) (nodejs_eventloop_utilization_ratio)",
    },
  ],
  causes: [
    "Synchronous work on large data: JSON, a sort, a template, a regular expression, a hash.",
    "More requests than the process can answer.",
    "Garbage collection near the limit of the heap, or a CPU limit that throttles the container.",
  ],
  steps: [
    "Open a trace of the route that blocks: the event telltale.eventloop.stall has the stack.",
    "Add processes if all of them are busy.",
    "Move heavy work to a worker thread or a job.",
  ],
};

/** When the heap is nearly full. */
export const heapRunbook: Runbook = {
  users: "Nothing yet; when the limit is reached, the process dies and its requests fail.",
  queries: [
    {
      question: "Since when does it grow, and by how much?",
      expr: "sum by (job, instance) (v8js_memory_heap_used_bytes)",
    },
    {
      question: "Which space?",
      expr: "sum by (job, instance, v8js_heap_space_name) (v8js_memory_heap_used_bytes)",
    },
    {
      question: "Is it the heap, or memory beside it?",
      expr: "process_memory_usage_bytes",
    },
  ],
  causes: [
    "A leak: a map or list that only grows, listeners that are never removed.",
    "A request or job that reads too much into memory.",
    "A limit that is too low for the service.",
  ],
  steps: [
    "Restart one process after the other.",
    "Compare two heap snapshots some minutes apart (node --heapsnapshot-signal).",
    "Raise --max-old-space-size only if memory stays level after the start.",
  ],
};

/** When a process is started again and again. */
export const crashLoopRunbook: Runbook = {
  users: "Requests in flight fail at each crash; between two of them all is well.",
  queries: [
    {
      question: "Which processes, since when?",
      expr: "process_uptime_seconds < 900",
    },
    {
      question: "Was it out of memory?",
      expr: "increase(telltale_container_oom_kills_total[1h])",
    },
    {
      question: "Which exceptions were there?",
      expr: "topk(10, sum by (job, error_type) (increase(telltale_exceptions_total[1h])))",
    },
  ],
  causes: [
    "An exception that nothing catches, often from the last deployment.",
    "The container reaches its memory limit.",
    "A liveness probe that fails: the process is too slow to answer, or the probe is too strict.",
  ],
  steps: [
    "Read the last lines on stderr before a restart, and the exit code.",
    "Roll back if it began with a deployment.",
    "Raise the limit of memory if it was out of memory and is no leak.",
  ],
};
