import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { compress } from "../../src/replies/compress.ts";

/** An `Accept-Encoding` header, and the encodings of a large and of a small body. */
const headers: readonly (readonly [
  header: string | undefined,
  large: "gzip" | undefined,
  small?: "gzip",
])[] = [
  [undefined, undefined],
  ["", undefined],
  ["gzip", "gzip"],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  ["*", "gzip"],
  ["br, deflate, gzip", "gzip"],
  ["br, deflate", undefined],
  ["identity", undefined],
  ["gzip;q=0", undefined],
  ["gzip;q=0.0", undefined],
  ["gzip; q=0.001", "gzip"],
  ["gzip ; Q=0.5", "gzip"],
  ["gzip;q=x", undefined],
  ["gzip;q=", undefined],
  ["*;q=0", undefined],
  ["gzip;q=0, *", undefined],
  ["gzip;q=0.5, *;q=0", "gzip", "gzip"],
  ["gzip, identity;q=0", "gzip", "gzip"],
  ["identity;q=0", undefined],
  ["gzip;q=0.5, identity", undefined],
  ["gzip;q=0.5, identity;q=0.5", "gzip"],
  ["identity;q=0.5, gzip;q=1.0", "gzip"],
  ["gzipped", undefined],
  [",;,=;q", undefined],
];

describe("The encoding of a response", () => {
  const large = "a text of some length\n".repeat(100);
  for (const [header, expected, expectedOfSmall] of headers) {
    it(`is ${expected ?? "none"} for ${header === undefined ? "no header" : `"${header}"`}`, async () => {
      for (const [text, encoding] of [
        [large, expected],
        ["short", expectedOfSmall],
      ] as const) {
        const result = await compress(text, header);
        assert.equal(result.encoding, encoding);
        const body = encoding === undefined ? result.body : gunzipSync(result.body);
        assert.equal(body.toString(), text);
      }
    });
  }
});
