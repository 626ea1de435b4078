import {
  counterLines,
  END,
  FIRST_WEEK,
  gaugeLines,
  histogramLines,
  type MadeRequests,
  SECOND_WEEK,
} from "./made-data.ts";

const shop = { job: "web/shop", instance: "shop-1:9464" };
const billing = { job: "billing", instance: "billing-1:9464" };

/** A name that is markup in each format of a report. */
export const HOSTILE_TYPE = "<script>alert('|`1`|')</script> & [link](https://x.example) *b*";

const day = (number: number, hour = 0): number => SECOND_WEEK + number * 86_400 + hour * 3600;

/** When shop 1.5.0 is deployed, with a restart of its process. */
export const DEPLOYED: number = day(2, 10);
/** When billing runs 2.1.0. */
export const VERSION_CHANGED: number = day(4, 15);

function requests(
  method: string,
  route: string,
  status: string,
  durations: MadeRequests["durations"],
): MadeRequests {
  const labels = {
    ...shop,
    http_request_method: method,
    http_route: route,
    http_response_status_code: status,
  };
  return { labels, durations, restart: DEPLOYED };
}

const served: readonly MadeRequests[] = [
  requests("GET", "/orders/:id", "200", [
    { "0.1": 80, "0.25": 20 },
    { "0.1": 100, "0.25": 40, "0.5": 10 },
  ]),
  requests("POST", "/orders", "201", [
    { "0.25": 20, "0.5": 20 },
    { "0.25": 20, "0.5": 20, "1.0": 8 },
  ]),
  requests("POST", "/orders", "500", [{ "0.25": 1 }, { "1.0": 2 }]),
  requests("GET", "/export", "200", [
    { "1.0": 4, "2.5": 1 },
    { "1.0": 2, "2.5": 2, "+Inf": 1 },
  ]),
];

/** Billing is new: it has no data of the first week. */
const billed: MadeRequests = {
  labels: {
    ...billing,
    http_request_method: "POST",
    http_route: "/invoices",
    http_response_status_code: "200",
  },
  durations: [{}, { "0.1": 5 }],
  isNew: true,
};

const alert = { alertstate: "firing", severity: "critical" };
const availability = {
  sloth_id: "shop-requests-availability",
  sloth_service: "shop",
  job: "web/shop",
};
const latency = { sloth_id: "shop-requests-latency", sloth_service: "shop", job: "web/shop" };
const all = { from: FIRST_WEEK, to: END };
/** The samples after the first one, which ends the week before. */
const first = { from: FIRST_WEEK, to: SECOND_WEEK };
const second = { from: SECOND_WEEK + 300, to: END };

/** Returns the two weeks as OpenMetrics. */
export function twoWeeks(): string {
  const lines = [
    ...histogramLines("http_server_request_duration_seconds", [...served, billed]),
    ...counterLines("telltale_exceptions_total", [
      { labels: { ...shop, error_type: "PaymentError" }, increases: [1, 3], restart: DEPLOYED },
      { labels: { ...shop, error_type: HOSTILE_TYPE }, increases: [0, 1] },
    ]),
    ...counterLines("telltale_telemetry_created_total", [
      { labels: { ...shop, telltale_signal: "spans" }, increases: [1000, 1000] },
      { labels: { ...shop, telltale_signal: "logs" }, increases: [500, 500] },
    ]),
    ...counterLines("telltale_telemetry_dropped_total", [
      {
        labels: { ...shop, telltale_signal: "spans", telltale_drop_reason: "queue_full" },
        increases: [0, 2],
      },
    ]),
    ...gaugeLines("target_info", [
      { labels: { ...shop, service_version: "1.4.0" }, value: 1, from: FIRST_WEEK, to: DEPLOYED },
      { labels: { ...shop, service_version: "1.5.0" }, value: 1, from: DEPLOYED + 300, to: END },
      {
        labels: { ...billing, service_version: "2.0.0" },
        value: 1,
        from: SECOND_WEEK,
        to: VERSION_CHANGED,
      },
      {
        labels: { ...billing, service_version: "2.1.0" },
        value: 1,
        from: VERSION_CHANGED + 300,
        to: END,
      },
    ]),
    ...gaugeLines("telltale_deployment_time_seconds", [
      {
        labels: {
          ...{ job: "node", instance: "ci:9100", service_name: "shop" },
          ...{ service_version: "1.5.0", deployment_environment_name: "production" },
        },
        value: DEPLOYED + 60,
        from: DEPLOYED + 300,
        to: END,
      },
    ]),
    ...gaugeLines("ALERTS", [
      // Twice, for 30 and for 12 minutes.
      {
        labels: { ...alert, alertname: "HighErrorRate", job: "web/shop" },
        value: 1,
        from: day(1, 3),
        to: day(1, 3) + 29 * 60,
        interval: 60,
      },
      {
        labels: { ...alert, alertname: "HighErrorRate", job: "web/shop" },
        value: 1,
        from: day(5, 3),
        to: day(5, 3) + 11 * 60,
        interval: 60,
      },
      {
        labels: { ...alert, alertname: "DiskFull", severity: "warning", instance: "db" },
        value: 1,
        from: day(6, 22),
        to: END,
        interval: 60,
      },
      { labels: { ...alert, alertname: "Watchdog", severity: "none" }, value: 1, ...all },
      {
        labels: { ...alert, alertname: "SlowQueries", job: "billing", alertstate: "pending" },
        value: 1,
        ...all,
      },
    ]),
    ...gaugeLines("slo:objective:ratio", [
      {
        labels: { sloth_id: "shop-requests-availability", sloth_service: "shop" },
        value: 0.99,
        ...all,
      },
      { labels: { sloth_id: "shop-requests-latency", sloth_service: "shop" }, value: 0.9, ...all },
    ]),
    ...gaugeLines("slo:events:increase5m", [
      { labels: availability, value: 146, ...first },
      { labels: availability, value: 205, ...second },
      { labels: latency, value: 145, ...first },
      { labels: latency, value: 203, ...second },
    ]),
    ...gaugeLines("slo:error_events:increase5m", [
      { labels: availability, value: 1, ...first },
      { labels: availability, value: 2, ...second },
      { labels: latency, value: 5, ...first },
      { labels: latency, value: 23, ...second },
    ]),
    ...gaugeLines("slo:period_error_budget_remaining:ratio", [
      { labels: availability, value: 0.31, ...first },
      { labels: availability, value: 0.125, ...second },
      { labels: latency, value: 0.6, ...first },
      { labels: latency, value: -0.07, ...second },
    ]),
    "# EOF",
    "",
  ];
  return lines.join("\n");
}
