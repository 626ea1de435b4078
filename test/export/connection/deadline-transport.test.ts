import assert from "node:assert/strict";
import {
  type ExportResponse,
  retryableResponse,
  type ExportConnection,
  failureResponse,
} from "../../../src/export/connection/export-connection.ts";
import { DeadlineTransport } from "../../../src/export/connection/deadline-transport.ts";

const success: ExportResponse = { status: "success", body: new Uint8Array() };

/** What became of each attempt: the answer, and whether the kernel had the whole request by then. */
type Attempts = readonly (readonly [answer: ExportResponse, handedOver: boolean])[];

describe("The bytes of a request", () => {
  const rows: readonly [title: string, attempts: Attempts, isGivenBack: boolean][] = [
    ["was taken", [[success, true]], true],
    ["was taken before it was read", [[success, false]], false],
    ["was refused", [[failureResponse("peer", "no"), false]], false],
    [
      "was taken at a second attempt",
      [
        [retryableResponse("network", "lost", 0), false],
        [success, true],
      ],
      false,
    ],
  ];
  for (const [title, attempts, isRecycled] of rows) {
    it(`${isRecycled ? "are" : "are not"} given back once it ${title}`, async () => {
      const recycled: Uint8Array[] = [];
      const retry = { attempts: 2, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
      const transport = new DeadlineTransport(connectionOf(attempts), "none", retry, (data) =>
        recycled.push(data),
      );
      const data = new Uint8Array([1]);
      await transport.send(data, 10_000);
      assert.deepEqual(recycled, isRecycled ? [data] : []);
    });
  }
});

function connectionOf(attempts: Attempts): ExportConnection {
  const remaining = [...attempts];
  return {
    kind: "http",
    url: "http://peer/",
    headers: {},
    encodeBody: (message) => message,
    attempt: () => {
      const [answer, handedOver] = remaining.shift()!;
      return {
        response: Promise.resolve(answer),
        isFullyWritten: () => handedOver,
        abort: () => {},
      };
    },
  };
}
