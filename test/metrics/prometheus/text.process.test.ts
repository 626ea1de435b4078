import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { programOrSkip } from "../../programs.ts";
import { parsePage } from "../exposition.ts";
import { createMetricsPipeline } from "../metrics-fixture.ts";

describe("The Prometheus page is valid", () => {
  it("for the metrics of every process, and promtool reports nothing", async function () {
    const promtool = programOrSkip(this, "promtool");
    const { metrics } = createMetricsPipeline();
    metrics.meter
      .createHistogram("http.server.request.duration", { unit: "s", description: "d" })
      .record(1);
    const page = await metrics.prometheusPage(undefined);
    parsePage(page!.body.toString());
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], {
      input: page!.body,
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  });
});
