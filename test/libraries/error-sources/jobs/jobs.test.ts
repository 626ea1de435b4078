import { fileURLToPath } from "node:url";
import { PrefetchQueue } from "../../../integration/prefetch-queue.ts";
import { type ConsumerCase, type ConsumerRun, runConsumer } from "./run.ts";
import { type Consumer, describeConsumer, expectedCount } from "./suite.ts";
import { jobPlaces, type JobSourceRow, jobSourceRows } from "./jobs.ts";
import { fewValues, someValues } from "./queue-run.ts";
import { values } from "../values.ts";

describe("Each error in a job is exactly one event, if it is one, of", () => {
  const runs = new PrefetchQueue<JobSourceRow, ConsumerRun>(jobSourceRows, runJobs);
  after(() => runs.drain());
  for (const row of jobSourceRows) describeConsumer(consumerOf(row), () => runs.get(row));
});

function casesOf({ reporters }: JobSourceRow): ConsumerCase[] {
  return Object.keys(reporters).flatMap((place) => {
    const names = place === "sync" || place === "async" ? someValues : fewValues;
    const thrown = values.filter(({ name }) => names.has(name));
    return thrown.map((value) => ({ id: `${place}-${value.name}`, place, value, failures: 1 }));
  });
}

function consumerOf(row: JobSourceRow): Consumer {
  const { library, reporters, transaction } = row;
  const spanKind = transaction === undefined ? undefined : "INTERNAL";
  return { library, reporters, places: jobPlaces, cases: casesOf(row), transaction, spanKind };
}

function runJobs(row: JobSourceRow): Promise<ConsumerRun> {
  const program = {
    file: fileURLToPath(new URL("../../queues/apps/failing/jobs.mjs", import.meta.url)),
    args: [row.scheduler, row.installed],
    env: {},
    isService: false,
  };
  const consumer = consumerOf(row);
  return runConsumer(program, consumer.cases, expectedCount(consumer));
}
