import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parsePage, samplesOf } from "./exposition.ts";

const fixture = fileURLToPath(new URL("fixtures/threads.ts", import.meta.url));

/** Sums over the process (jobs, busy, count of `took`), and the depths by thread. */
const phases: readonly (readonly [string, readonly number[], readonly string[]])[] = [
  ["has the metrics of two workers", [21, 3, 3], ["1", "10 of thread", "10 of thread"]],
  [
    "has the last response of a worker that can't respond",
    [21, 3, 3],
    ["1", "10 of thread", "10 of thread"],
  ],
  ["keeps the counts of a terminated worker, not its gauges", [21, 2, 3], ["1", "10 of thread"]],
  ["has the final counts of a worker that ended", [121, 1, 4], ["1"]],
];

describe("The page of a process with worker threads", () => {
  let pages: string[] = [];

  before(async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [fixture]);
    assert.equal(stderr, "");
    pages = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as string);
  });

  for (const [index, [title, sums, depths]] of phases.entries()) {
    it(title, () => {
      const page = parsePage(pages[index]!);
      const sum = (name: string): number =>
        samplesOf(page, name).reduce((total, { value }) => total + value, 0);
      assert.deepEqual([sum("jobs_total"), sum("busy"), sum("took_count")], sums);
      assert.deepEqual(
        samplesOf(page, "depth").map(({ value, labels }) =>
          labels["thread_id"] === undefined ? `${value}` : `${value} of thread`,
        ),
        depths,
      );
    });
  }
});
