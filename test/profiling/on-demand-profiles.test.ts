import assert from "node:assert/strict";
import { OnDemandProfiles } from "../../src/profiling/on-demand-profiles.ts";
import { WorkTimeline } from "../../src/profiling/work-timeline.ts";

describe("A profile on demand", () => {
  for (const kind of ["cpu", "allocation"] as const) {
    for (const format of ["pprof", "v8"] as const) {
      it(`is refused if it is too large: ${kind}, ${format}`, async () => {
        const record = async (maxBytes: number): Promise<object> => {
          const profiles = new OnDemandProfiles(
            "shop",
            new WorkTimeline(),
            () => () => {},
            maxBytes,
          );
          const { signal } = new AbortController();
          return profiles.record({ kind, format, seconds: 0.01, inUseOnly: false, signal });
        };
        assert.deepEqual(await record(20), {
          status: 413,
          reason: "the profile has more than 0.00002 MB: ask for fewer seconds",
        });
        assert.ok("content" in (await record(64_000_000)));
      });
    }
  }
});
