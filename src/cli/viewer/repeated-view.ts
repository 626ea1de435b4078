import type { RepeatedCalls } from "../../viewer/model.ts";
import { plural, roundMs } from "./figures.ts";
import { cutText, quotePlace, quoteText, TEXT_LIMITS } from "./telemetry-text.ts";
import { placeText } from "./unit-view.ts";

/** Repeated calls of a request, or of several ones, with texts that are cut. */
export interface RepeatedView {
  readonly kind: RepeatedCalls["kind"];
  readonly severity: RepeatedCalls["severity"];
  readonly source: RepeatedCalls["source"];
  readonly place?: string;
  /** Calls in one request; the most of them. */
  readonly count: number;
  readonly distinct?: number;
  readonly ms: number;
  readonly concurrent: boolean;
  readonly call: string;
  readonly hint: string;
}

export function repeatedView(calls: RepeatedCalls): RepeatedView {
  const place = placeText(calls.place);
  return {
    kind: calls.kind,
    severity: calls.severity,
    source: calls.source,
    ...(place !== undefined && { place }),
    count: calls.count,
    ...(calls.distinct !== undefined && { distinct: calls.distinct }),
    ms: roundMs(calls.totalMs),
    concurrent: calls.concurrent,
    call: cutText(calls.fingerprint, TEXT_LIMITS.query),
    hint: cutText(calls.hint, TEXT_LIMITS.message),
  };
}

const kinds: Readonly<Record<RepeatedCalls["kind"], string>> = {
  "n+1": "N+1",
  duplicate: "duplicate",
  similar: "similar calls",
  batchable: "writes that can be one",
  possible: "possible N+1",
};

/** Returns the lines of repeated calls in an answer as a text. */
export function repeatedLines(calls: RepeatedView): string[] {
  const { kind, severity, place, count, distinct, ms, concurrent, call, hint } = calls;
  const sets = distinct === undefined ? "" : `, ${plural(distinct, "set")} of parameters`;
  const order = concurrent ? "concurrent" : "one after the other";
  return [
    `${kinds[kind]} (${severity}) at ${place === undefined ? "an unknown place" : quotePlace(place)}: ` +
      `${plural(count, "call")}${sets}, ${ms} ms in all, ${order}`,
    `  ${quoteText(call)}`,
    // Of telltale itself, with names of tables and columns in it.
    ...(hint === "" ? [] : [`  hint: ${quoteText(hint)}`]),
  ];
}
