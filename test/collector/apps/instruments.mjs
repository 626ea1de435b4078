import { createServer } from "node:http";
import { metrics } from "@opentelemetry/api";
import { groups, ownMetrics } from "../contract/rows.ts";

/*
 * Has a value of every metric that the demo doesn't make, by the API. With REPEAT_MS, counters
 * and histograms go on.
 */
const elsewhere = groups.filter(({ inDemo }) => !inDemo).flatMap(({ rows }) => rows);
const meter = metrics.getMeter("instruments", "1.2.3");

const repeated = [...elsewhere, ...ownMetrics].flatMap(({ name, unit, kind, labels }) => {
  const attributes = Object.fromEntries(labels.map((label) => [label, "a"]));
  const options = { unit, description: `The ${name}.` };
  if (kind === "counter") {
    const counter = meter.createCounter(name, options);
    return () => counter.add(3, attributes);
  }
  if (kind === "histogram") {
    const histogram = meter.createHistogram(name, options);
    return () => histogram.record(2, attributes);
  }
  if (kind === "gauge") meter.createGauge(name, options).record(0.5, attributes);
  else meter.createUpDownCounter(name, options).add(7, attributes);
  return [];
});
const record = () => repeated.forEach((one) => one());
record();
const { REPEAT_MS } = process.env;
const repeating = REPEAT_MS && setInterval(record, Number(REPEAT_MS));

const server = createServer((_request, response) => response.end());
server.listen(0, "127.0.0.1", () => process.stdout.write("open\n"));
process.once("SIGTERM", () => {
  clearInterval(repeating);
  server.close();
});
