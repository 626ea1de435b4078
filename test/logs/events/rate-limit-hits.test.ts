import assert from "node:assert/strict";
import type { Meter } from "@opentelemetry/api";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import type { ArrivedRequest } from "../../../src/context/unit-views.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { RateLimitHits } from "../../../src/logs/events/rate-limit-hits.ts";
import { SecurityEvents } from "../../../src/logs/events/security-events.ts";
import type { LogRecord } from "../../../src/logs/log-record.ts";
import { pollUntilTrue } from "../../until.ts";
import { collectRecords, inRequest } from "../requests.ts";

/** Longer than a busy machine takes for a few calls, and short enough to wait for. */
const INTERVAL_MS = 500;

/** A request in flight, until `end` is called. */
class TestRequest extends UnitOfWork {
  override method = "GET";
  override requestId = "id-1";

  constructor(route: string | undefined) {
    super();
    this.route = route;
  }

  override redactedPath(): string {
    return "/items/7";
  }

  override arrivedRequest(): ArrivedRequest {
    return { headers: {}, query: undefined, clientAddress: "10.0.0.7" };
  }
}

function requestOf(route: string | undefined): TestRequest {
  return new TestRequest(route);
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
    for (let count = 0; count < 100; count++) hits.addRequest(requestOf("/items/:id"));
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
    hits.addRequest(requestOf("/items/:id"));
    await pollUntilTrue(() => {
      hits.addRequest(requestOf("/other"));
      return events().some(([route, count]) => route === "/other" && Number(count) > 1);
    }, "the end of an interval");
    hits.addRequest(requestOf("/items/:id"));
    assert.deepEqual(
      events().filter(([route]) => route === "/items/:id"),
      [
        ["/items/:id", 1],
        ["/items/:id", 1],
      ],
    );
  });

  it("have events of each route, also without one", () => {
    for (const route of ["/items/:id", undefined]) hits.addRequest(requestOf(route));
    assert.deepEqual(events(), [
      ["/items/:id", 1],
      [undefined, 1],
    ]);
  });

  it("have a bounded number of routes with events, and are all counted", () => {
    for (let route = 0; route < 1100; route++) hits.addRequest(requestOf(`/${route}`));
    assert.equal(records.length, 1000);
    assert.equal(counted.filter((one) => !one.includes("security")).length, 1100);
  });

  /** The hits as counted: limiter, route and number of each. */
  const countedHits = (): readonly string[] =>
    counted
      .filter((one) => !one.includes("security"))
      .map((one) => {
        const point = JSON.parse(one) as Readonly<Record<string, string | undefined>>;
        const parts = [point["telltale.rate_limit.limiter"], point["http.route"]];
        return parts.map((part) => part ?? "-").join(" ");
      });

  it("have the limiter, and the route that the request has at its end", () => {
    const request = requestOf(undefined);
    hits.addLimited("api", request);
    assert.deepEqual(countedHits(), []);
    request.route = "/items/:id";
    request.end();
    hits.addRequest(request);
    assert.deepEqual(countedHits(), ["api /items/:id"]);
    const [event] = records;
    assert.equal(event?.attributes["telltale.rate_limit.limiter"], "api");
    assert.equal(event?.attributes["url.path"], "/items/7");
    assert.equal(event?.attributes["telltale.request.id"], "id-1");
  });

  it("are one for each limiter of a request, at its end or after it", () => {
    const request = requestOf("/a");
    for (const limiter of ["api", "login", "api"]) hits.addLimited(limiter, request);
    request.end();
    hits.addLimited("late", request);
    hits.addLimited("api", request);
    assert.deepEqual(countedHits(), ["api /a", "login /a", "late /a"]);
  });

  it("are counted at once outside of requests, each, in their own context", () => {
    inRequest(3, () => {
      hits.addLimited("mails", new UnitOfWork());
      hits.addLimited("mails", undefined);
    });
    assert.deepEqual(countedHits(), ["mails -", "mails -"]);
    assert.deepEqual(
      records.map(({ attributes }) => [attributes["telltale.request.id"], attributes["url.path"]]),
      [["request-3", undefined]],
    );
  });

  it("have events of each limiter of a route", () => {
    for (const limiter of ["a", "b", "a"]) hits.addLimited(limiter, undefined);
    assert.deepEqual(
      records.map(({ attributes }) => attributes["telltale.rate_limit.limiter"]),
      ["a", "b"],
    );
  });

  it("have bounded names of limiters, without generated parts", () => {
    hits.addLimited("user-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b", undefined);
    for (let at = 0; at < 300; at++) hits.addLimited(`limiter ${at}`, undefined);
    const names = new Set(countedHits().map((hit) => hit.replace(/ -$/, "")));
    assert.ok(names.has("user-*"));
    assert.ok(names.has("other"));
    assert.equal(names.size, 201);
  });
});
