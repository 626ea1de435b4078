import type { Runbook } from "../alerts/alert.ts";

/** When a database can't be reached. */
export const databaseDownRunbook: Runbook = {
  users: "Whatever needs the database fails, usually with a status of 5xx.",
  queries: [
    {
      question: "Which database and which error?",
      expr: 'topk(10, sum by (job, db_system_name, server_address, error_type) (rate(db_client_operation_duration_seconds_count{error_type!=""}[5m])))',
    },
    {
      question: "Do all processes lose it, or one?",
      expr: 'sum by (job, instance) (rate(db_client_operation_duration_seconds_count{error_type!=""}[5m]))',
    },
    {
      question: "Are connections left?",
      expr: "sum by (job, db_client_connection_pool_name, db_client_connection_state) (db_client_connection_count)",
    },
  ],
  causes: [
    "The database is down, restarts, or fails over.",
    "Its limit of connections is reached.",
    "The network, DNS, a certificate or a password changed.",
  ],
  steps: [
    "Look at the state and the log of the database.",
    "Connect by hand from the host of the service, with the same address.",
    "Too many connections: end idle ones, and lower the size of the pools.",
    "After the database is back, check that the pools connect again; restart a process that does not.",
  ],
};

/** When Redis can't be reached. */
export const redisDownRunbook: Runbook = {
  users:
    "Sessions, caches, rate limits and queues in Redis fail, or requests get slow without a cache.",
  queries: [
    {
      question: "Which Redis and which error?",
      expr: 'topk(10, sum by (job, server_address, error_type) (rate(db_client_operation_duration_seconds_count{db_system_name="redis",error_type!=""}[5m])))',
    },
    {
      question: "Do requests fail or get slow by it?",
      expr: "histogram_quantile(0.95, sum by (job, le) (rate(http_server_request_duration_seconds_bucket[5m])))",
    },
    {
      question: "Do queues grow?",
      expr: "sum by (job, messaging_destination_name, telltale_queue_state) (telltale_queue_size)",
    },
  ],
  causes: [
    "Redis is down, restarts, or was stopped for want of memory.",
    "A failover to a replica whose address the client does not know.",
    "The network, DNS or a password changed.",
  ],
  steps: [
    "Run redis-cli PING from the host of the service.",
    "Look at the log of Redis: memory, persistence, failover.",
    "Clients connect again by themselves; restart a process that does not.",
  ],
};

/** When queries are slow. */
export const slowQueryRunbook: Runbook = {
  users: "Pages that read or write much are slow.",
  queries: [
    {
      question: "Which operations?",
      expr: "topk(10, histogram_quantile(0.95, sum by (job, db_operation_name, db_namespace, le) (rate(db_client_operation_duration_seconds_bucket[5m]))))",
    },
    {
      question: "Which routes make many queries?",
      expr: "topk(10, sum by (http_route) (rate(telltale_request_queries_sum[5m])) / sum by (http_route) (rate(telltale_request_queries_count[5m])))",
    },
    {
      question: "Do they wait for a connection first?",
      expr: "histogram_quantile(0.95, sum by (job, db_client_connection_pool_name, le) (rate(db_client_connection_wait_time_seconds_bucket[5m])))",
    },
  ],
  causes: [
    "A statement without an index, or whose plan changed as the table grew.",
    "Locks: a long transaction, a migration.",
    "The database has too little CPU, memory or disk throughput.",
  ],
  steps: [
    "Open a slow trace: the span has the statement.",
    "Run EXPLAIN for it, and look for long transactions and locks.",
    "Stop what was started last: a migration, a report, a job.",
  ],
};

/** When a pool of connections is used up. */
export const poolRunbook: Runbook = {
  users: "Requests wait before they start to work; later they time out.",
  queries: [
    {
      question: "How long do requests wait?",
      expr: "histogram_quantile(0.95, sum by (job, db_client_connection_pool_name, le) (rate(db_client_connection_wait_time_seconds_bucket[5m])))",
    },
    {
      question: "How long are connections in use?",
      expr: "histogram_quantile(0.95, sum by (job, db_client_connection_pool_name, le) (rate(db_client_connection_use_time_seconds_bucket[5m])))",
    },
    {
      question: "How many are there, by state?",
      expr: "sum by (job, db_client_connection_pool_name, db_client_connection_state) (db_client_connection_count)",
    },
  ],
  causes: [
    "Slow queries keep connections busy.",
    "Code that takes a connection and does not release it: the number in use never falls.",
    "More traffic than the pool was made for.",
  ],
  steps: [
    "If the number in use never falls, restart the process, and look for a missing release.",
    "If queries are slow, follow the runbook of SlowQueries.",
    "Raise the size of the pool only if the database can take more connections.",
  ],
};
