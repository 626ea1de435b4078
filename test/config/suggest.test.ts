import assert from "node:assert/strict";
import { suggest, closest } from "../../src/config/suggest.ts";

const known = [
  "tracecontext",
  "baggage",
  "b3",
  "b3multi",
  "otlp",
  "http/protobuf",
  "http/json",
  "traceidratio",
  "parentbased_traceidratio",
];

describe("The suggested name", () => {
  const rows: readonly [string, string | undefined][] = [
    ["oltp", "otlp"],
    ["otlpp", "otlp"],
    ["otp", "otlp"],
    ["otlphttp", "otlp"],
    ["trace-context", "tracecontext"],
    ["tracecontxet", "tracecontext"],
    ["bagage", "baggage"],
    ["b33", "b3"],
    ["b3-multi", "b3multi"],
    ["http/proto", "http/protobuf"],
    ["protobuf", "http/protobuf"],
    ["json", "http/json"],
    ["ratio", "traceidratio"],
    ["parentbased_ratio", "parentbased_traceidratio"],
    ["foo", undefined],
    ["x", undefined],
    ["", undefined],
    ["something else entirely", undefined],
  ];
  for (const [word, name] of rows) {
    it(`for ${JSON.stringify(word)} is ${name}`, () => {
      assert.equal(suggest(word, known), name);
    });
  }
});

describe("The closest name", () => {
  it("is within the maximum edit distance", () => {
    assert.equal(closest("abcd", ["abxy"], 2), "abxy");
    assert.equal(closest("abcd", ["axyz"], 2), undefined);
  });

  it("counts two swapped letters as one edit", () => {
    assert.equal(closest("acbd", ["abcd"], 1), "abcd");
  });

  it("has the smallest edit distance", () => {
    assert.equal(closest("abc", ["abxy", "abd"], 2), "abd");
  });
});
