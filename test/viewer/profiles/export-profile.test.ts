import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Ajv } from "ajv";
import { Profile } from "pprof-format";
import { exportProfile } from "../../../src/viewer/profiles/export-profile.ts";
import { profileDetail } from "../../../src/viewer/profiles/profile-detail.ts";
import type { RecordedProfile } from "../../../src/viewer/profiles/recorded-profile.ts";
import { recordAllocations, recordCpu, recorded } from "./planted.ts";

/** Of speedscope 1.25.0, as it publishes it. */
const speedscopeSchema = JSON.parse(
  readFileSync(new URL("speedscope-schema.json", import.meta.url), "utf8"),
) as object;

const RECORDED: readonly {
  readonly kind: "cpu" | "allocation";
  readonly record: () => RecordedProfile;
  readonly planted: string;
  readonly own: "cpuprofile" | "heapprofile";
  readonly other: "cpuprofile" | "heapprofile";
  readonly types: readonly string[];
}[] = [
  {
    kind: "cpu",
    record: recordCpu,
    planted: "plantedHot",
    own: "cpuprofile",
    other: "heapprofile",
    types: ["cpu", "nanoseconds"],
  },
  {
    kind: "allocation",
    record: recordAllocations,
    planted: "plantedAllocation",
    own: "heapprofile",
    other: "cpuprofile",
    types: ["alloc_space", "bytes"],
  },
];

for (const { kind, record, planted, own, other, types } of RECORDED) {
  describe(`The export of a profile of ${kind}`, () => {
    let profile: RecordedProfile;
    before(() => {
      profile = record();
    });

    it("has what V8 has recorded, in its own format only", () => {
      const file = exportProfile(profile, own);
      assert.equal(file?.name, `GET-orders-id-a1b2c3d4.${own}`);
      assert.deepEqual(JSON.parse(file.content.toString()), profile.profile);
      assert.equal(exportProfile(profile, other), undefined);
    });

    it("has the values of each stack in pprof's format", () => {
      const file = exportProfile(profile, "pprof");
      const decoded = Profile.decode(gunzipSync(file!.content));
      const { strings } = decoded.stringTable;
      const text = (at: number | bigint): string => strings[Number(at)]!;
      const [type] = decoded.sampleType;
      assert.deepEqual([text(type!.type), text(type!.unit)], types);
      const total = decoded.sample.reduce((sum, { value }) => sum + Number(value[0]), 0);
      const scale = kind === "cpu" ? 1e6 : 1;
      const expected = profileDetail(profile)!.root;
      assert.ok(Math.abs(total / scale - expected.value) <= expected.value / 1000 + expected.self);
      const found = decoded.function.find(({ name }) => text(name) === planted);
      assert.match(text(found!.filename), /planted\.ts$/);
      assert.ok(Number(found?.startLine) > 1);
      assert.deepEqual(decoded.comment.map(text), [
        "warehouse: GET /orders/:id",
        "overlapping requests: 2",
      ]);
      assert.equal(BigInt(decoded.timeNanos), 1_800_000_000_000_250_000n);
    });

    it("is valid for the schema of speedscope, with the same total", () => {
      const file = exportProfile(profile, "speedscope");
      const content = JSON.parse(file!.content.toString()) as {
        readonly profiles: readonly { readonly endValue: number }[];
        readonly shared: { readonly frames: readonly { readonly name: string }[] };
      };
      const validate = new Ajv({ strict: false }).compile(speedscopeSchema);
      assert.ok(validate(content), JSON.stringify(validate.errors));
      assert.ok(content.shared.frames.some(({ name }) => name === planted));
      const expected = profileDetail(profile)!.root;
      const { endValue } = content.profiles[0]!;
      assert.ok(Math.abs(endValue - expected.value) <= expected.value / 1000 + expected.self);
    });
  });
}

describe("The export of a profile that is none", () => {
  it("is none in a converted format", () => {
    assert.equal(exportProfile(recorded("cpu", {}), "pprof"), undefined);
    assert.equal(exportProfile(recorded("cpu", {}), "speedscope"), undefined);
  });
});
