import assert from "node:assert/strict";
import { type RateLimits, updateRateLimits } from "@sentry/core";
import { boundedRateLimits, RequestedPauses } from "../../../src/errors/transport/rate-limits.ts";
import { pollUntilTrue } from "../../until.ts";

const past = new Date(Date.now() - 86_400_000).toUTCString();
const hour = new Date(Date.now() + 3_600_000).toUTCString();
const MAX_PAUSE_S = 300;

/** The headers of a response, and the minimum and maximum pause in seconds. */
const rows: readonly (readonly [
  title: string,
  headers: Readonly<Record<string, string>>,
  category: keyof RateLimits,
  least: number,
  most: number,
])[] = [
  ["a minute", { "retry-after": "60" }, "all", 60, 67],
  ["no time", { "retry-after": "0" }, "all", 1, 1],
  ["a date that is past", { "retry-after": past }, "all", 1, 1],
  ["an hour from now", { "retry-after": hour }, "all", 270, MAX_PAUSE_S],
  ["a billion seconds", { "retry-after": "1000000000" }, "all", 270, MAX_PAUSE_S],
  ["400 digits", { "retry-after": "9".repeat(400) }, "all", 270, MAX_PAUSE_S],
  ["less than nothing", { "retry-after": "-5" }, "all", 60, 67],
  ["nonsense", { "retry-after": "soon" }, "all", 60, 67],
  ["a limit of a minute", { "x-sentry-rate-limits": "60:error:key" }, "error", 60, 67],
  ["a limit of no time", { "x-sentry-rate-limits": "0:error:key" }, "error", 1, 1],
  ["a limit of ever", { "x-sentry-rate-limits": "1000000000::key" }, "all", 270, MAX_PAUSE_S],
  [
    "a limit of 400 digits",
    { "x-sentry-rate-limits": `${"9".repeat(400)}:error` },
    "error",
    270,
    MAX_PAUSE_S,
  ],
  ["a limit of nonsense", { "x-sentry-rate-limits": "soon:error:key" }, "error", 60, 67],
  [
    "the last of several limits",
    { "x-sentry-rate-limits": "60:session, 90:error;default:organization" },
    "error",
    90,
    100,
  ],
];

describe("A pause that Sentry asks for", () => {
  for (const [title, headers, category, least, most] of rows) {
    it(`is bounded: ${title}`, () => {
      const answer = { statusCode: 429, headers: boundedRateLimits(headers) };
      const seconds = (updateRateLimits({}, answer, 0)[category] ?? 0) / 1000;
      assert.ok(seconds >= least && seconds <= most, `${seconds} s`);
    });
  }

  const ofOthers: readonly (readonly [title: string, limits: string])[] = [
    ["of another category", "60:replay:organization"],
    ["of 100,000 other categories", many((index) => `60:category${index}`, ",")],
    ["of a list of other categories", `60:${many((index) => `c${index}`, ";").slice(0, 400)}`],
    ["of a list that is too long", `60:error;${many((index) => `c${index}`, ";")}:key`],
  ];
  for (const [title, limits] of ofOthers) {
    it(`is ignored and not kept ${title}`, () => {
      const headers = boundedRateLimits({ "x-sentry-rate-limits": limits });
      assert.deepEqual(updateRateLimits({}, { statusCode: 200, headers }), {});
    });
  }

  it("is applied by category, and to all categories without one", () => {
    const pauses = new RequestedPauses();
    pauses.update(200, { "x-sentry-rate-limits": "60:session;monitor:key" });
    assert.deepEqual(limitedOf(pauses), ["session", "monitor"]);
    pauses.update(200, { "x-sentry-rate-limits": "60::organization" });
    assert.deepEqual(
      limitedOf(pauses),
      sentCategories.filter((category) => category !== "internal"),
    );
  });

  it("is never one of client reports", () => {
    const pauses = new RequestedPauses();
    pauses.update(429, { "x-sentry-rate-limits": "60:internal:key, 60::organization" });
    assert.equal(pauses.isLimited("internal"), false);
  });

  it("of everything is applied though one of a category has ended", async () => {
    const pauses = new RequestedPauses();
    pauses.update(200, { "x-sentry-rate-limits": "0:error:key" });
    await pollUntilTrue(() => !pauses.isLimited("error"), "the end of the pause");
    pauses.update(429, { "retry-after": "60" });
    assert.equal(pauses.isLimited("error"), true);
  });

  it("does not depend on the system clock", () => {
    const pauses = new RequestedPauses();
    pauses.update(429, { "retry-after": "60" });
    const { now } = Date;
    try {
      for (const shift of [-86_400_000, 86_400_000]) {
        Date.now = () => now() + shift;
        assert.ok(pauses.remainingMs("error") <= 67_000 && pauses.remainingMs("error") > 0);
      }
    } finally {
      Date.now = now;
    }
  });

  it("is absent without such headers", () => {
    assert.deepEqual(updateRateLimits({}, { statusCode: 200, headers: boundedRateLimits({}) }), {});
  });
});

const sentCategories = ["error", "session", "monitor", "feedback", "internal"] as const;

function limitedOf(pauses: RequestedPauses): string[] {
  return sentCategories.filter((category) => pauses.isLimited(category));
}

function many(text: (index: number) => string, separator: string): string {
  return Array.from({ length: 100_000 }, (_, index) => text(index)).join(separator);
}
