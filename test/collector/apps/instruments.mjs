import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";
import { groups, ownMetrics } from "../contract/rows.ts";

/* Has a value of every metric that the demo doesn't make, by the API. */
const elsewhere = groups.filter(({ inDemo }) => !inDemo).flatMap(({ rows }) => rows);
const meter = metrics.getMeter("instruments", "1.2.3");

for (const { name, unit, kind, labels } of [...elsewhere, ...ownMetrics]) {
  const attributes = Object.fromEntries(labels.map((label) => [label, "a"]));
  const options = { unit, description: `The ${name}.` };
  if (kind === "counter") meter.createCounter(name, options).add(3, attributes);
  else if (kind === "gauge") meter.createGauge(name, options).record(0.5, attributes);
  else if (kind === "histogram") meter.createHistogram(name, options).record(2, attributes);
  else meter.createUpDownCounter(name, options).add(7, attributes);
}

const server = createServer((_request, response) => response.end());
server.listen(0, "127.0.0.1", () => process.stdout.write("open\n"));
process.once("SIGTERM", () => server.close());
