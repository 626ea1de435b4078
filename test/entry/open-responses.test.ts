import assert from "node:assert/strict";
import { now } from "../../src/clock.ts";
import { type OpenResponse, OpenResponses } from "../../src/entry/open-responses.ts";
import { untilTrue } from "../until.ts";

class Response implements OpenResponse {
  readonly answeredAt = now();
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

describe("Responses that are open", () => {
  const faults: unknown[] = [];
  let responses: OpenResponses;
  beforeEach(() => {
    faults.length = 0;
    responses = new OpenResponses((error) => faults.push(error));
  });

  it("end at their head when the app does not read them, and the others stay open", async () => {
    const read = new Response(responses, () => false);
    const unread = new Response(responses, () => true);
    await untilTrue(() => unread.endedAt !== undefined, "the unread response to end");
    assert.equal(unread.endedAt, unread.answeredAt);
    assert.equal(read.endedAt, undefined);
    read.end(now());
  });

  it("end at their head also when the app begins late and stops", async () => {
    let isUnread = false;
    const response = new Response(responses, () => isUnread);
    const first = new Response(responses, () => true);
    await untilTrue(() => first.endedAt !== undefined, "the first look");
    isUnread = true;
    await untilTrue(() => response.endedAt !== undefined, "a later look");
    assert.equal(response.endedAt, response.answeredAt);
  });

  it("all end with the process, those that are being read at that time", () => {
    const read = new Response(responses, () => false);
    const unread = new Response(responses, () => true);
    const before = now();
    responses.endAll();
    assert.equal(unread.endedAt, unread.answeredAt);
    assert.ok(read.endedAt !== undefined && read.endedAt >= before);
  });

  it("are all ended though the end of one of them throws", () => {
    const broken = new Response(responses, () => true);
    broken.end = () => {
      throw new Error("broken");
    };
    const other = new Response(responses, () => true);
    responses.endAll();
    assert.equal(other.endedAt, other.answeredAt);
    assert.deepEqual(faults.map(String), ["Error: broken"]);
  });
});
