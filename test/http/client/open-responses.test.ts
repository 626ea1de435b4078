import assert from "node:assert/strict";
import { now } from "../../../src/clock.ts";
import { type OpenResponse, OpenResponses } from "../../../src/http/client/open-responses.ts";
import { pollUntilTrue } from "../../until.ts";

class TestResponse implements OpenResponse {
  readonly responseAt = now();
  endedAt: number | undefined = undefined;
  readonly isUnread: () => boolean;
  readonly #responses: OpenResponses;

  constructor(responses: OpenResponses, isUnread: () => boolean) {
    this.#responses = responses;
    this.isUnread = isUnread;
    responses.add(this);
  }

  end(endedAt: number): void {
    this.endedAt = endedAt;
    this.#responses.delete(this);
  }
}

describe("Open responses", () => {
  const errors: unknown[] = [];
  let responses: OpenResponses;
  beforeEach(() => {
    errors.length = 0;
    responses = new OpenResponses((error) => errors.push(error));
  });

  it("end at their head when the app does not read them, while others stay open", async () => {
    const read = new TestResponse(responses, () => false);
    const unread = new TestResponse(responses, () => true);
    await pollUntilTrue(() => unread.endedAt !== undefined, "the unread response to end");
    assert.equal(unread.endedAt, unread.responseAt);
    assert.equal(read.endedAt, undefined);
    read.end(now());
  });

  it("end at their head when the app starts late and stops", async () => {
    let isUnread = false;
    const response = new TestResponse(responses, () => isUnread);
    const first = new TestResponse(responses, () => true);
    await pollUntilTrue(() => first.endedAt !== undefined, "the first look");
    isUnread = true;
    await pollUntilTrue(() => response.endedAt !== undefined, "a later look");
    assert.equal(response.endedAt, response.responseAt);
  });

  it("all end at process exit, those that are being read at that time", () => {
    const read = new TestResponse(responses, () => false);
    const unread = new TestResponse(responses, () => true);
    const before = now();
    responses.endAll();
    assert.equal(unread.endedAt, unread.responseAt);
    assert.ok(read.endedAt !== undefined && read.endedAt >= before);
  });

  it("are all ended even if the end of one of them throws", () => {
    const broken = new TestResponse(responses, () => true);
    broken.end = () => {
      throw new Error("broken");
    };
    const other = new TestResponse(responses, () => true);
    responses.endAll();
    assert.equal(other.endedAt, other.responseAt);
    assert.deepEqual(errors.map(String), ["Error: broken"]);
  });
});
