import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import type { Matcher } from "./promql.ts";
import { percentileBy, rateBy, type RateContext } from "./rate-queries.ts";
import { type RecordingRule, renderRuleFile } from "./rule-file.ts";
import { selector } from "./promql.ts";
import { serviceMatchers } from "./service-selection.ts";

const DURATION = "http_server_request_duration_seconds";
const FAILED: Matcher = ["http_response_status_code", "=~", "5.."];

/** Returns `prometheus/recordings.yaml`: series of which a graph over months stays fast. */
export function recordingFiles(options: OpsOptions): readonly OutputFile[] {
  const services = serviceMatchers(options.services);
  const context: RateContext = {
    window: "5m",
    series: (metric, ...matchers) => selector(metric, [...services, ...matchers]),
  };
  const group = {
    name: "telltale-recordings",
    comment: [],
    interval: "1m",
    rules: recordingRules(context),
  };
  const header = [
    "Rates and percentiles by service and by route, for graphs over weeks and months.",
  ];
  return [{ path: "prometheus/recordings.yaml", text: renderRuleFile(header, [group]) }];
}

function recordingRules(context: RateContext): readonly RecordingRule[] {
  const byJob = ["job"];
  const byRoute = ["job", "http_route"];
  return [
    record(
      "job:http_server_requests:rate5m",
      "Requests a second.",
      rateBy(byJob, `${DURATION}_count`, context),
    ),
    record(
      "job:http_server_failed_requests:rate5m",
      "Those with a status of 5xx. The zero is for services without a failure, whose series does not exist.",
      `${rateBy(byJob, `${DURATION}_count`, context, FAILED)}\nor\n0 * ${rateBy(byJob, `${DURATION}_count`, context)}`,
    ),
    ...[0.5, 0.95, 0.99].map((percentile) =>
      record(
        `job:http_server_request_duration_seconds:p${percentile * 100}_5m`,
        `The duration that ${percentile * 100}% of the requests stay below.`,
        percentileBy(percentile, byJob, DURATION, context),
      ),
    ),
    record(
      "job_route:http_server_requests:rate5m",
      "Requests a second, by route.",
      rateBy(byRoute, `${DURATION}_count`, context),
    ),
    record(
      "job_route:http_server_request_duration_seconds:p95_5m",
      "The duration that 95% of the requests of a route stay below.",
      percentileBy(0.95, byRoute, DURATION, context),
    ),
  ];
}

function record(name: string, comment: string, expr: string): RecordingRule {
  return { record: name, comment: [comment], expr, labels: {} };
}
