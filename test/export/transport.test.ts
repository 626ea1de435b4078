import assert from "node:assert/strict";
import { type Answer, busy, type Channel, refused } from "../../src/export/channel.ts";
import { DeadlineTransport } from "../../src/export/transport.ts";

const taken: Answer = { kind: "taken", body: new Uint8Array() };

/** What became of each attempt: the answer, and whether the kernel had the whole request by then. */
type Attempts = readonly (readonly [answer: Answer, handedOver: boolean])[];

describe("The bytes of a request", () => {
  const rows: readonly [title: string, attempts: Attempts, isGivenBack: boolean][] = [
    ["was taken", [[taken, true]], true],
    ["was taken before it was read", [[taken, false]], false],
    ["was refused", [[refused("peer", "no"), false]], false],
    [
      "was taken at a second attempt",
      [
        [busy("network", "lost", 0), false],
        [taken, true],
      ],
      false,
    ],
  ];
  for (const [title, attempts, isGivenBack] of rows) {
    it(`${isGivenBack ? "are" : "are not"} given back once it ${title}`, async () => {
      const givenBack: Uint8Array[] = [];
      const retry = { attempts: 2, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
      const transport = new DeadlineTransport(channelOf(attempts), "none", retry, (data) =>
        givenBack.push(data),
      );
      const data = new Uint8Array([1]);
      await transport.send(data, 10_000);
      assert.deepEqual(givenBack, isGivenBack ? [data] : []);
    });
  }
});

function channelOf(attempts: Attempts): Channel {
  const left = [...attempts];
  return {
    kind: "http",
    url: "http://peer/",
    headers: {},
    frame: (message) => message,
    attempt: () => {
      const [answer, handedOver] = left.shift()!;
      return { answer: Promise.resolve(answer), handedOver: () => handedOver, stop: () => {} };
    },
  };
}
