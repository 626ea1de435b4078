import { parseConfig } from "../../config/parse.ts";
import { formatIssues } from "../../config/report.ts";
import { readEnvironment } from "../../env.ts";
import { createInstrumentDescriptor } from "../../metrics/descriptor.ts";
import { streamsOf } from "../../metrics/views/views.ts";

/** Returns the boundaries of the durations of requests, in seconds, by the variables of the environment. */
export function bucketBoundaries(): readonly number[] {
  const own = [...readEnvironment()].filter(([name]) => name === "TELLTALE_METRICS_BUCKETS");
  const { config, issues } = parseConfig(new Map(own));
  if (issues.length > 0) process.stderr.write(formatIssues(issues));
  const name = "http.server.request.duration";
  const histogram = createInstrumentDescriptor("histogram", name, { unit: "s" }, (message) => {
    process.stderr.write(`telltale: ${message}\n`);
  });
  const [changed = histogram] = streamsOf(histogram, { name: "telltale" }, config.metrics.views);
  return changed.boundaries;
}
