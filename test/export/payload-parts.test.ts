import assert from "node:assert/strict";
import { divideList, PayloadParts } from "../../src/export/payload-parts.ts";

function createParts(maxSize: number, grows = false): PayloadParts<number[]> {
  return new PayloadParts<number[]>({
    maxSize,
    grows,
    sizeOf: (items) => items.length,
    divide: divideList,
  });
}

/** Sends a list to a peer that refuses sums above `limit`. Returns what it accepts and refuses. */
function send(parts: PayloadParts<number[]>, list: readonly number[], limit: number): string {
  const log: string[] = [];
  parts.add([...list]);
  for (let part = parts.next(); part !== undefined; part = parts.next()) {
    if (part.reduce((sum, item) => sum + item, 0) <= limit) {
      log.push(part.join("+"));
      parts.onAccepted();
    } else if (!parts.addHalves(part)) {
      log.push(`!${part.join()}`);
      const rest = parts.takeHopeless().flat();
      if (rest.length > 0) log.push(`rest ${rest.length}`);
    }
  }
  return log.join(" ");
}

const rows: readonly (readonly [title: string, list: number[], limit: number, log: string])[] = [
  ["all at once, if the peer accepts it", [1, 1, 1], 3, "1+1+1"],
  ["in halves, in the same order", [1, 2, 3, 4], 7, "1+2 3+4"],
  ["in parts of the size that it accepts", [5, 1, 1, 1, 1], 5, "5 1 1 1 1"],
  ["without the only item that is too large", [1, 1, 9, 1], 3, "1+1 !9 1"],
  ["up to the third item in a row that is too large", [9, 9, 9, 9, 9, 9], 3, "!9 !9 !9 rest 3"],
  ["not at all, if there is none", [], 3, ""],
];

describe("A payload that is too large is sent", () => {
  for (const [title, list, limit, log] of rows) {
    it(title, () => assert.equal(send(createParts(100), list, limit), log));
  }
});

describe("The size of payloads", () => {
  it("is half of what the peer has refused last, and grows again to what is configured", () => {
    const parts = createParts(36, true);
    parts.addHalves(Array.from({ length: 64 }, (_, at) => at));
    const sizes = [parts.size];
    for (let count = 0; count < 4; count++) {
      parts.onAccepted();
      sizes.push(parts.size);
    }
    assert.deepEqual(sizes, [32, 34, 36, 36, 36]);
  });

  it("is what is configured, after the peer has refused three single items in a row", () => {
    const parts = createParts(8);
    parts.addHalves([1, 2]);
    for (let count = 0; count < 3; count++) parts.addHalves([1]);
    assert.deepEqual([parts.size, parts.takeHopeless().flat(), parts.size], [1, [1, 2], 8]);
  });

  it("is what is configured, before the peer has refused anything", () => {
    const parts = createParts(2);
    parts.add([1, 2, 3]);
    assert.deepEqual([parts.length, parts.next(), parts.next(), parts.length], [3, [1, 2], [3], 0]);
  });
});
