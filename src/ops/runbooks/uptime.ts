import type { Runbook } from "../alerts/alert.ts";

/** When a process is down. */
export const serviceDownRunbook: Runbook = {
  users: "With several processes little or nothing; with one, the whole service is down.",
  queries: [
    { question: "Which processes are left?", expr: "sum by (job) (up)" },
    {
      question: "Was it busy or out of memory before?",
      expr: "max by (job, instance) (max_over_time(nodejs_eventloop_utilization_ratio[15m]))",
    },
    {
      question: "Was it ended by the system?",
      expr: "increase(telltale_container_oom_kills_total[1h])",
    },
  ],
  causes: [
    "The process has ended: an exception, no memory, a failing probe.",
    "The host or the network to it is down.",
    "A deployment that removed it on purpose.",
  ],
  steps: [
    "Check whether the process runs, and read its last lines and its exit code.",
    "Restart it; roll back if it ends again.",
    "If it runs, request /livez from the host of Prometheus: firewall, address, credentials.",
  ],
};

/** When a process is not ready. */
export const readinessRunbook: Runbook = {
  users: "Fewer processes answer; if all are not ready, the service is down.",
  queries: [
    {
      question: "Which checks fail?",
      expr: "telltale_health_check_passing == 0",
    },
    { question: "Which processes are ready?", expr: "sum by (job) (telltale_health_ready)" },
    {
      question: "Do database operations fail?",
      expr: 'sum by (job, db_system_name, error_type) (rate(db_client_operation_duration_seconds_count{error_type!=""}[5m]))',
    },
  ],
  causes: [
    "A dependency of a check is down: a database, a queue.",
    "The process was asked to end (SIGTERM) and still runs.",
    "A check that takes longer than its time limit.",
  ],
  steps: [
    "Read /readyz of the process: it has the check and the reason.",
    "Follow the runbook of the dependency.",
    "If the process hangs at its end, stop it with SIGKILL.",
  ],
};

/** When a health check fails. */
export const healthCheckRunbook: Runbook = {
  users: "It depends on what the check is about.",
  queries: [
    {
      question: "Since when, on which processes?",
      expr: "min by (job, instance, telltale_health_check_name) (telltale_health_check_passing)",
    },
    {
      question: "Do requests fail by it?",
      expr: 'sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m]))',
    },
    {
      question: "Do calls of other services fail?",
      expr: 'sum by (job, server_address, error_type) (rate(http_client_request_duration_seconds_count{error_type!=""}[5m]))',
    },
  ],
  causes: [
    "What it checks is down or slow.",
    "Its time limit is too short under load.",
    "A password or address has changed.",
  ],
  steps: [
    "Read /healthz of the process: it has the reason.",
    "Try by hand what the check does.",
    "Follow the runbook of the dependency.",
  ],
};

/** When a request from outside fails. */
export const probeRunbook: Runbook = {
  users: "The service is not reachable for some or all of them.",
  queries: [
    { question: "Which step fails?", expr: "probe_duration_seconds" },
    { question: "Which status is returned?", expr: "probe_http_status_code" },
    { question: "Do the processes themselves answer?", expr: "up" },
  ],
  causes: [
    "The service is down or not ready.",
    "DNS, load balancer, firewall or certificate.",
    "The host of the probe has no network: then other probes fail, too.",
  ],
  steps: [
    "Request the address with curl -v from another network.",
    "If it fails for you, too, check DNS, then the load balancer, then the processes.",
    "If it succeeds, check the host of the blackbox exporter.",
  ],
};

/** When a certificate expires soon. */
export const certificateRunbook: Runbook = {
  users: "Nothing yet; when it has expired, browsers and clients refuse the connection.",
  queries: [
    {
      question: "How many days are left?",
      expr: "(probe_ssl_earliest_cert_expiry - time()) / 86400",
    },
    { question: "Which addresses have a certificate?", expr: "probe_http_ssl == 1" },
    { question: "Are they reachable?", expr: "probe_success" },
  ],
  causes: [
    "The renewal fails: a DNS record, a port that is closed, a limit of the issuer.",
    "It was renewed, but the server was not reloaded.",
    "Nothing renews it.",
  ],
  steps: [
    "Look at the log of the renewal (certbot, cert-manager).",
    "Reload the server if the file is new.",
    "Renew it by hand if it expires within days.",
  ],
};

/** The alert that always fires. */
export const watchdogRunbook: Runbook = {
  users: "Nothing.",
  queries: [
    {
      question: "Does Prometheus evaluate rules?",
      expr: "prometheus_rule_evaluation_failures_total",
    },
    {
      question: "Does Alertmanager deliver?",
      expr: "rate(alertmanager_notifications_failed_total[15m])",
    },
    {
      question: "Does Prometheus find Alertmanager?",
      expr: "prometheus_notifications_alertmanagers_discovered",
    },
  ],
  causes: [
    "It fires: all is well.",
    "It does not arrive: Prometheus, Alertmanager or the way between them is down.",
  ],
  steps: [
    "If the receiver outside reports that it is missing, check that Prometheus and Alertmanager run.",
    "Look at their logs, and at the receiver's address and secret.",
  ],
};
