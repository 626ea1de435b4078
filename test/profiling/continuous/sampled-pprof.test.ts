import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OriginalPlaces } from "../../../src/profiling/continuous/original-places.ts";
import type { PackageProfile } from "../../../src/profiling/continuous/pprof-package.ts";
import { SampledProfile } from "../../../src/profiling/continuous/sampled-pprof.ts";
import { decode, type DecodedProfile } from "../decoded-pprof.ts";

interface GivenFunction {
  readonly name: string;
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

interface GivenSample {
  /** Indices of functions. */
  readonly stack: readonly number[];
  readonly values: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Returns a profile as the package has it. */
function profileOf(
  functions: readonly GivenFunction[],
  samples: readonly GivenSample[],
): PackageProfile {
  const strings = [""];
  const text = (value: string): number => {
    const at = strings.indexOf(value);
    return at === -1 ? strings.push(value) - 1 : at;
  };
  // Samples of one stack share the list.
  const stacks = new Map<string, number[]>();
  const stackOf = (stack: readonly number[]): number[] => {
    const ids = stacks.get(stack.join()) ?? stack.map((at) => at + 1);
    stacks.set(stack.join(), ids);
    return ids;
  };
  return {
    sampleType: [
      { type: text("sample"), unit: text("count") },
      { type: text("wall"), unit: text("nanoseconds") },
    ],
    sample: samples.map(({ stack, values, labels = {} }) => ({
      locationId: stackOf(stack),
      value: values,
      label: Object.entries(labels).map(([key, value]) => ({ key: text(key), str: text(value) })),
    })),
    location: functions.map(({ line = 1, column = 0 }, at) => ({
      id: at + 1,
      line: [{ functionId: at + 1, line, column }],
    })),
    function: functions.map(({ name, file }, at) => ({
      id: at + 1,
      name: text(name),
      filename: text(file),
    })),
    stringTable: { strings },
  };
}

async function written(profile: PackageProfile): Promise<DecodedProfile> {
  const sampled = new SampledProfile(profile);
  const places = new OriginalPlaces();
  await places.find(sampled.places);
  const time = { startMs: 1_000, durationMs: 60_000, period: 1e7, periodType: 1 };
  return decode(gzipSync(sampled.encode(places, { ...time, comments: ["shop"] })));
}

describe("A file of a continuous profile", () => {
  it("adds up the samples of a stack that have the same labels", async () => {
    const labels = { trace_id: "a", span_id: "b" };
    const functions = [
      { name: "inner", file: "/app/a.js" },
      { name: "outer", file: "/app/a.js" },
    ];
    const { samples, types, startMs, durationMs, comments } = await written(
      profileOf(functions, [
        { stack: [0, 1], values: [1, 10], labels },
        { stack: [0, 1], values: [1, 11], labels },
        { stack: [0, 1], values: [1, 12] },
        { stack: [1], values: [1, 13], labels },
      ]),
    );
    assert.deepEqual(types, ["sample", "wall"]);
    assert.deepEqual([startMs, durationMs, comments], [1_000, 60_000, ["shop"]]);
    assert.deepEqual(
      samples.map(({ stack, value, labels: found }) => [stack, value, found]),
      [
        [["inner", "outer"], 21, labels],
        [["inner", "outer"], 12, {}],
        [["outer"], 13, labels],
      ],
    );
  });

  it("has neither the queries of modules nor the code of data: modules", async () => {
    const { strings } = await written(
      profileOf(
        [
          { name: "a", file: "/app/a.js?token=s3cret" },
          { name: "b", file: "data:text/javascript,const key = 's3cret'" },
        ],
        [{ stack: [0, 1], values: [1, 1] }],
      ),
    );
    assert.ok(strings.includes("/app/a.js") && strings.includes("data:"));
    assert.doesNotMatch(strings.join("\n"), /s3cret/);
  });

  it("has no place in the name of a function without one", async () => {
    const { samples } = await written(
      profileOf(
        [{ name: "(anonymous:L#12:C#5)", file: "/app/a.js", line: 12 }],
        [{ stack: [0], values: [1, 1] }],
      ),
    );
    assert.deepEqual([samples[0]!.stack, samples[0]!.line], [["(anonymous)"], 12]);
  });

  it("has the places of the original source by source maps", async () => {
    const folder = mkdtempSync(join(tmpdir(), "telltale-places-"));
    const file = join(folder, "bundle.js");
    const map = {
      ...{ version: 3, names: [], sources: ["src/cart.ts", "src/order.ts"] },
      // Column 0 is line 7 of the first source, and column 20 line 3 of the second one.
      mappings: "AAMA,oBCJA",
    };
    writeFileSync(`${file}.map`, JSON.stringify(map));
    writeFileSync(
      file,
      "function total(){}; function total2(){}\n//# sourceMappingURL=bundle.js.map\n",
    );
    const { samples } = await written(
      profileOf(
        [
          { name: "total", file, line: 1, column: 1 },
          { name: "total", file, line: 1, column: 21 },
        ],
        [
          { stack: [0], values: [1, 1] },
          { stack: [1], values: [1, 1] },
        ],
      ),
    );
    assert.deepEqual(
      samples.map(({ file: found, line }) => [found, line]),
      [
        [join(folder, "src/cart.ts"), 7],
        [join(folder, "src/order.ts"), 3],
      ],
    );
    rmSync(folder, { recursive: true });
  });
});
