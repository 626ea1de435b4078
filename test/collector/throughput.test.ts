import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runLoad } from "../../bench/collector/run.ts";
import { TRAFFIC_SPANS_PER_TRACE } from "../../bench/collector/traffic.ts";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { collector } from "../../scripts/collector/paths.ts";
import { readBlock } from "../../scripts/readme/marks.ts";
import { throughputBlock } from "../../scripts/readme/throughput.ts";

const COLD_BUILD_MS = 30 * 60_000;
const SPANS = 24_000;
/** One of eighty traces has an error. */
const FAILED_SPANS = (SPANS / TRAFFIC_SPANS_PER_TRACE / 80) * TRAFFIC_SPANS_PER_TRACE;

/* The bench's own load, small: that all is counted right, at whatever speed. */
describe("Traffic at the gateway's limit", function () {
  let binary: string;
  before(async function () {
    this.timeout(COLD_BUILD_MS);
    binary = await collectorBinary();
  });

  const loads = [
    { title: "packed bodies, all to be kept", gzip: true, keptPercent: 100, kept: SPANS },
    { title: "plain bodies, errors to be kept", gzip: false, keptPercent: 0, kept: FAILED_SPANS },
  ];
  for (const { title, kept, ...load } of loads) {
    it(`arrives without loss: ${title}`, async () => {
      const { accepted, arrived, lost, duplicates, sent, ...found } = await runLoad(binary, {
        ...load,
        decisionWait: "5s",
        spans: SPANS,
      });
      assert.deepEqual(
        { accepted, sent, kept: found.kept, arrived, repeated: duplicates },
        { accepted: SPANS, sent: SPANS, kept, arrived: kept, repeated: 0 },
      );
      assert.deepEqual([...new Set(Object.values(lost))], [0]);
      assert.ok(found.cpuSeconds > 0 && found.peakBytes > 0);
    });
  }

  it("is in the README as it was measured", () => {
    const readme = readFileSync(join(collector, "README.md"), "utf8");
    assert.equal(readBlock(readme, "throughput"), throughputBlock());
  });
});
