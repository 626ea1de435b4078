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

describe("the nearest known name", () => {
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
    it(`to ${JSON.stringify(word)} is ${name}`, () => {
      assert.equal(suggest(word, known), name);
    });
  }
});

describe("a slipped name", () => {
  it("is at most so many slips away", () => {
    assert.equal(closest("abcd", ["abxy"], 2), "abxy");
    assert.equal(closest("abcd", ["axyz"], 2), undefined);
  });

  it("may have two neighbours swapped for one slip", () => {
    assert.equal(closest("acbd", ["abcd"], 1), "abcd");
  });

  it("is the one that is fewest away", () => {
    assert.equal(closest("abc", ["abxy", "abd"], 2), "abd");
  });
});
