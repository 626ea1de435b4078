import assert from "node:assert/strict";
import type { Meter } from "@opentelemetry/api";
import type { EndedRequest } from "../../../src/context/unit-views.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { RateLimitHits } from "../../../src/logs/events/rate-limit-hits.ts";
import { SecurityEvents } from "../../../src/logs/events/security-events.ts";
import type { LogRecord } from "../../../src/logs/log-record.ts";
import { pollUntilTrue } from "../../until.ts";
import { collectRecords } from "../requests.ts";

/** Longer than a busy machine takes for a few calls, and short enough to wait for. */
const INTERVAL_MS = 500;

function requestOf(route: string | undefined): EndedRequest {
  const request = {
    method: "GET",
    route,
    requestId: "id-1",
    redactedPath: () => "/items/7",
    clientAddress: () => "10.0.0.7",
  };
  return request as unknown as EndedRequest;
}

describe("Rejections by a rate limit", () => {
  let records: LogRecord[];
  let counted: string[];
  let hits: RateLimitHits;
  beforeEach(() => {
    counted = [];
    const add = (value: number, attributes: object): void => {
      counted.push(JSON.stringify({ value, ...attributes }));
    };
    const meter = { createCounter: () => ({ add }) } as unknown as Meter;
    const collected = collectRecords();
    records = collected.records;
    const diagnostics = new Diagnostics("none", () => {});
    const deps = { provider: collected.provider, meter, diagnostics };
    hits = new RateLimitHits(deps, new SecurityEvents(deps), INTERVAL_MS);
  });

  const events = (): readonly (readonly [route: unknown, count: unknown])[] =>
    records.map(({ attributes }) => [attributes["http.route"], attributes["count"]]);

  it("have one event of a route at once, with the request, and one for all others of an interval", async () => {
    for (let count = 0; count < 100; count++) hits.add(requestOf("/items/:id"));
    assert.deepEqual(events(), [["/items/:id", 1]]);
    const [first] = records;
    assert.deepEqual(
      [first?.body, first?.attributes["url.path"], first?.attributes["client.address"]],
      ["rate limit exceeded", "/items/7", "10.0.0.7"],
    );
    assert.equal(first?.attributes["telltale.request.id"], "id-1");
    await pollUntilTrue(() => records.length === 2, "the second event");
    assert.deepEqual(events()[1], ["/items/:id", 99]);
    const { attributes } = records[1] ?? {};
    assert.equal(attributes?.["telltale.request.id"], undefined);
    assert.equal(attributes?.["client.address"], undefined);
  });

  it("have an event at once again after an interval without any", async () => {
    hits.add(requestOf("/items/:id"));
    await pollUntilTrue(() => {
      hits.add(requestOf("/other"));
      return events().some(([route, count]) => route === "/other" && Number(count) > 1);
    }, "the end of an interval");
    hits.add(requestOf("/items/:id"));
    assert.deepEqual(
      events().filter(([route]) => route === "/items/:id"),
      [
        ["/items/:id", 1],
        ["/items/:id", 1],
      ],
    );
  });

  it("have events of each route, also without one", () => {
    for (const route of ["/items/:id", undefined]) hits.add(requestOf(route));
    assert.deepEqual(events(), [
      ["/items/:id", 1],
      [undefined, 1],
    ]);
  });

  it("have a bounded number of routes with events, and are all counted", () => {
    for (let route = 0; route < 1100; route++) hits.add(requestOf(`/${route}`));
    assert.equal(records.length, 1000);
    assert.equal(counted.filter((one) => !one.includes("security")).length, 1100);
  });
});
