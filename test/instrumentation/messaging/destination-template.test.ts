import assert from "node:assert/strict";
import { destinationTemplate } from "../../../src/instrumentation/messaging/destination-template.ts";

const examples: readonly [subject: string, label: string][] = [
  ["orders", "orders"],
  ["orders.created.v2", "orders.created.v2"],
  ["orders.4711.paid", "orders.*.paid"],
  ["orders.3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b", "orders.*"],
  ["users.deadbeefdeadbeef.mail", "users.*.mail"],
  ["orders-to-be-defaced", "orders-to-be-defaced"],
  ["user123.mail", "*.mail"],
  ["", ""],
];

describe("A subject as a label", () => {
  for (const [subject, label] of examples) {
    it(`is "${label}" for "${subject}"`, () => assert.equal(destinationTemplate(subject), label));
  }
});
