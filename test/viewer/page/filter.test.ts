import assert from "node:assert/strict";
import type { UnitSummary } from "../../../src/viewer/model.ts";
import {
  apiQuery,
  comparator,
  type Filter,
  matches,
  queryOf,
} from "../../../src/viewer/page/views/requests/filter.ts";
import { unitSummary } from "./fixture-units.ts";

const unit = unitSummary(0, {
  name: "GET /orders/:id",
  path: "/orders/7",
  status: 404,
  durationMs: 80,
  nPlusOne: false,
  failed: false,
});

const counts = unit.counts;

const cases: readonly {
  readonly title: string;
  readonly filter: Filter;
  readonly accepted?: Partial<UnitSummary>;
  readonly rejected?: Partial<UnitSummary>;
}[] = [
  { title: "without a filter", filter: {}, accepted: {}, rejected: { noise: true } },
  { title: "with noise", filter: { noise: "1" }, accepted: { noise: true } },
  { title: "by text of the path", filter: { text: "ORDERS/7" }, accepted: {} },
  {
    title: "by text of the id",
    filter: { text: unit.id },
    rejected: { id: "ffffffff", traceId: "f" },
  },
  { title: "by name", filter: { name: "GET /orders/:id" }, rejected: { name: "GET /orders" } },
  { title: "by status", filter: { status: "404" }, accepted: {}, rejected: { status: 400 } },
  {
    title: "by class of status",
    filter: { status: "4xx" },
    accepted: {},
    rejected: { status: 500 },
  },
  {
    title: "by least duration",
    filter: { min_ms: "80" },
    accepted: {},
    rejected: { durationMs: 79 },
  },
  { title: "by greatest duration", filter: { max_ms: "80" }, rejected: { durationMs: 80.1 } },
  { title: "by service", filter: { service: "shop" }, rejected: { service: "payments" } },
  { title: "by kind", filter: { kind: "request" }, rejected: { kind: "job" } },
  { title: "by run", filter: { run: "run-2" }, rejected: { run: "run-1" } },
  { title: "by error", filter: { errors: "1" }, accepted: { failed: true } },
  {
    title: "by error of a part",
    filter: { errors: "1" },
    accepted: { counts: { ...counts, errors: 1 } },
    rejected: { counts: { ...counts, errors: 0 } },
  },
  { title: "by N+1", filter: { n1: "1" }, accepted: { nPlusOne: true }, rejected: {} },
];

describe("The filters of the viewer's list", () => {
  for (const { title, filter, accepted, rejected } of cases) {
    it(`select units ${title}`, () => {
      if (accepted !== undefined) assert.ok(matches({ ...unit, ...accepted }, filter));
      if (rejected !== undefined) assert.ok(!matches({ ...unit, ...rejected }, filter));
    });
  }

  it("are read from the page's hash, and sent to the API", () => {
    const params = new URLSearchParams("status=5xx&sort=duration&order=asc&tab=x&text=");
    const query = queryOf(params);
    assert.deepEqual(query, {
      filter: { status: "5xx" },
      sort: { key: "duration", order: "asc" },
    });
    assert.deepEqual(apiQuery(query), { status: "5xx", sort: "duration", order: "asc" });
  });

  it("sort by the newest first, and by that among equals", () => {
    const units = [3, 1, 2].map((start) => unitSummary(start, { start, durationMs: start % 2 }));
    const starts = (key: "start" | "duration"): number[] =>
      units.toSorted(comparator({ key, order: "desc" })).map(({ start }) => start);
    assert.deepEqual(starts("start"), [3, 2, 1]);
    assert.deepEqual(starts("duration"), [3, 1, 2]);
  });
});
