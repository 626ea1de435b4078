import assert from "node:assert/strict";
import { isCancellation } from "../../../src/http/client/client-call.ts";

const timeout = new DOMException("too late", "TimeoutError");
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const rows: readonly (readonly [title: string, error: unknown, isCancelled: boolean])[] = [
  ["AbortError", new DOMException("aborted", "AbortError"), true],
  ["AbortError of Node", Object.assign(new Error("a"), { name: "AbortError" }), true],
  ["the error of axios", Object.assign(new Error("a"), { code: "ERR_CANCELED" }), true],
  ["TimeoutError", timeout, false],
  ["AbortError because of a timeout", { name: "AbortError", cause: timeout }, false],
  ["ECONNRESET", Object.assign(new Error("a"), { code: "ECONNRESET" }), false],
  ["TypeError", new TypeError("a"), false],
  ["a text", "AbortError", false],
  ["undefined", undefined, false],
  ["null", null, false],
  ["a revoked proxy", revoked.proxy, false],
];

describe("An error of a call", () => {
  for (const [title, error, isCancelled] of rows) {
    it(`is ${isCancelled ? "a" : "no"} cancellation by the app: ${title}`, () => {
      assert.equal(isCancellation(error), isCancelled);
    });
  }
});
