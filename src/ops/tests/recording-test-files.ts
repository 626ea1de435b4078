import { stringify } from "yaml";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";

/** A series of made data, or an expected value, as promtool reads them. */
type Item = Readonly<Record<string, unknown>>;

/** Returns `tests/recordings.yaml`: each recorded series has the value that made data have. */
export function recordingTestFiles({ services }: OpsOptions): readonly OutputFile[] {
  const job = services[0]?.name ?? "shop";
  const content = {
    rule_files: ["../prometheus/recordings.yaml"],
    evaluation_interval: "1m",
    tests: [trafficTest(job), testWithoutFailures(job)],
  };
  const text = `# promtool test rules *.yaml\n${stringify(content, { lineWidth: 0 })}`;
  return [{ path: "tests/recordings.yaml", text }];
}

function trafficTest(job: string): Item {
  const byJob = `job="${job}"`;
  const byRoute = `http_route="/orders",job="${job}"`;
  return {
    interval: "1m",
    input_series: [
      series(job, "count", 'http_response_status_code="200"', 540),
      series(job, "count", 'http_response_status_code="500"', 60),
      // All requests are evenly spread between 0 and 1 second.
      series(job, "bucket", 'le="1"', 600),
      series(job, "bucket", 'le="+Inf"', 600),
    ],
    promql_expr_test: [
      check("job:http_server_requests:rate5m", byJob, 10),
      check("job:http_server_failed_requests:rate5m", byJob, 1),
      check("job:http_server_request_duration_seconds:p50_5m", byJob, 0.5),
      check("job:http_server_request_duration_seconds:p95_5m", byJob, 0.95),
      check("job:http_server_request_duration_seconds:p99_5m", byJob, 0.99),
      check("job_route:http_server_requests:rate5m", byRoute, 10),
      check("job_route:http_server_request_duration_seconds:p95_5m", byRoute, 0.95),
    ],
  };
}

function testWithoutFailures(job: string): Item {
  return {
    interval: "1m",
    input_series: [series(job, "count", 'http_response_status_code="200"', 60)],
    promql_expr_test: [check("job:http_server_failed_requests:rate5m", `job="${job}"`, 0)],
  };
}

function series(job: string, part: string, labels: string, each: number): Item {
  return {
    series: `http_server_request_duration_seconds_${part}{job="${job}",http_route="/orders",${labels}}`,
    values: `0+${each}x20`,
  };
}

function check(expr: string, labels: string, value: number): Item {
  return { expr, eval_time: "20m", exp_samples: [{ labels: `${expr}{${labels}}`, value }] };
}
