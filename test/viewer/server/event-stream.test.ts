import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { EventStream } from "../../../src/viewer/server/event-stream.ts";

/** A response whose client reads only while the test lets it. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  isReading = true;
  destroyed = false;

  write(text: string): boolean {
    this.written.push(text);
    return this.isReading;
  }

  read(): void {
    this.isReading = true;
    this.emit("drain");
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }

  /** The data of the events, in order. */
  get events(): readonly { readonly type: string; readonly ids?: readonly string[] }[] {
    return this.written.flatMap((text) => {
      const data = /^data: (.*)$/m.exec(text)?.[1];
      return data === undefined ? [] : [JSON.parse(data) as { type: string; ids?: string[] }];
    });
  }
}

function listen(stream: EventStream, lastEventId?: string): SlowResponse {
  const response = new SlowResponse();
  assert.ok(stream.add(response as unknown as ServerResponse, lastEventId));
  return response;
}

const removed = (id: number) => ({ type: "removed", ids: [String(id)] }) as const;

describe("The stream of events to the pages", () => {
  let stream: EventStream;
  beforeEach(() => {
    stream = new EventStream(1000);
  });
  afterEach(() => stream.close());

  it("writes each event to each page, in order", () => {
    const pages = [listen(stream), listen(stream)];
    for (let id = 1; id <= 3; id++) stream.send(removed(id));
    for (const page of pages)
      assert.deepEqual(
        page.events.map(({ ids }) => ids?.[0]),
        ["1", "2", "3"],
      );
  });

  it("writes nothing to a page that does not read, and the rest once it does", () => {
    const page = listen(stream);
    page.isReading = false;
    for (let id = 1; id <= 1000; id++) stream.send(removed(id));
    assert.equal(page.events.length, 1, "only the first one is in the buffer of its connection");
    page.read();
    assert.equal(page.events.length, 1000);
    assert.equal(page.events.at(-1)?.ids?.[0], "1000");
  });

  it("reports to a page that is too far behind that events are lost", () => {
    const page = listen(stream);
    page.isReading = false;
    for (let id = 1; id <= 10_000; id++) stream.send(removed(id));
    page.read();
    assert.deepEqual(
      page.events.map(({ type }) => type),
      ["removed", "lost"],
    );
    stream.send(removed(10_001));
    assert.equal(page.events.at(-1)?.ids?.[0], "10001");
  });

  it("keeps a bounded number of bytes", () => {
    const page = listen(stream);
    page.isReading = false;
    const text = "x".repeat(1_000_000);
    for (let id = 1; id <= 100; id++) stream.send({ type: "removed", ids: [text] });
    page.read();
    assert.ok(page.written.join("").length < 10_000_000);
  });

  it("continues after the last event that a page has", () => {
    const first = listen(stream);
    for (let id = 1; id <= 5; id++) stream.send(removed(id));
    const lastId = /^id: (\d+)$/m.exec(first.written.at(-3) ?? "")?.[1];
    const again = listen(stream, lastId);
    assert.deepEqual(
      again.events.map(({ ids }) => ids?.[0]),
      ["4", "5"],
    );
  });

  for (const [title, id] of [
    ["of an earlier start of the viewer", "5"],
    ["of a later one", "99999999999"],
    ["that is no number", "abc"],
  ] as const) {
    it(`reports lost events to a page with an id ${title}`, () => {
      stream.send(removed(1));
      assert.deepEqual(
        listen(stream, id).events.map(({ type }) => type),
        ["lost"],
      );
    });
  }

  it("has a limited number of pages, and forgets closed ones", () => {
    const pages = Array.from({ length: 32 }, () => listen(stream));
    const refused = new SlowResponse() as unknown as ServerResponse;
    assert.equal(stream.add(refused, undefined), false);
    pages[0]?.destroy();
    listen(stream);
    assert.equal(stream.pages, 32);
  });
});
