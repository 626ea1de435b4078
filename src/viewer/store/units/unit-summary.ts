import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { truncate } from "../../../text.ts";
import type { Counts, RepeatedCalls, UnitKind, UnitSummary } from "../../model.ts";
import { busyMs, type Period } from "./busy-time.ts";
import { roundMs } from "./milliseconds.ts";
import { isNoise } from "./noise.ts";
import { type RepeatedCallContext, repeatedCallsOf } from "./repeated-calls.ts";
import { runIdOf, serviceOf, textOf } from "./service.ts";
import { beginsUnit, forEachBelow, type LogFacts, type SpanNode } from "./span-node.ts";
import { numberOf } from "./span-facts.ts";

/** The part of a summary that follows from the spans. */
export type SpansSummary = Omit<UnitSummary, "id" | "pinned" | "profiles">;

const MAX_PATH = 2000;

/**
 * Summarizes a unit of work.
 *
 * @param roots one span, or the first spans that are left of a unit whose root is missing.
 * @param looseLogs records of the trace without a span.
 */
export function summarize(
  roots: readonly SpanNode[],
  looseLogs: readonly LogFacts[],
  context: RepeatedCallContext,
): SpansSummary {
  const [root] = roots;
  if (root === undefined) throw new RangeError("a unit of work without spans");
  const { facts, resource } = root;
  const attributes = facts.attributes;
  const kind = unitKindOf(root);
  const http = kind === "request" ? httpOf(attributes) : {};
  const repeated = repeatedCallsOf(roots, context);
  const end = Math.max(...roots.map((node) => node.facts.end));
  return {
    traceId: facts.traceId,
    spanId: facts.spanId,
    kind,
    service: serviceOf(resource.attributes),
    run: runIdOf(resource.attributes),
    name: nameOf(root, kind, http),
    ...http,
    start: facts.start,
    durationMs: roundMs(end - facts.start),
    failed: facts.failed || (http.status ?? 0) >= 500,
    counts: countsOf(roots, looseLogs),
    ...(repeated.length > 0 && { repeated: highestSeverity(repeated) }),
    nPlusOne: repeated.some((group) => group.kind === "n+1"),
    noise: isBackground(root) || isNoise(http.method, http.path ?? http.route, attributes),
  };
}

function unitKindOf({ facts }: SpanNode): UnitKind {
  if (facts.kind === "server") return "request";
  if (facts.kind !== "consumer") return "job";
  return facts.attributes["messaging.system"] === "bullmq" ? "job" : "message";
}

/** Returns whether it is a call outside of a unit of work, or what is left of one. */
function isBackground(root: SpanNode): boolean {
  if (!beginsUnit(root)) return true;
  return root.facts.kind === "client" || root.facts.kind === "producer";
}

type HttpSummary = Pick<UnitSummary, "method" | "route" | "path" | "status">;

function httpOf(attributes: OtlpAttributes): HttpSummary {
  const method = textOf(attributes["http.request.method"] ?? attributes["http.method"]);
  const route = textOf(attributes["http.route"]);
  const path = pathOf(attributes);
  const status = numberOf(
    attributes["http.response.status_code"] ?? attributes["http.status_code"],
  );
  return {
    ...(method !== undefined && { method }),
    ...(route !== undefined && { route }),
    ...(path !== undefined && { path }),
    ...(status !== undefined && { status }),
  };
}

function pathOf(attributes: OtlpAttributes): string | undefined {
  const path = attributes["url.path"];
  if (typeof path !== "string") {
    const target = attributes["http.target"];
    return typeof target === "string" ? truncate(target, MAX_PATH) : undefined;
  }
  const query = attributes["url.query"];
  const full = typeof query === "string" && query !== "" ? `${path}?${query}` : path;
  return truncate(full, MAX_PATH);
}

function nameOf(root: SpanNode, kind: UnitKind, { method, route }: HttpSummary): string {
  if (kind === "job") return textOf(root.facts.attributes["telltale.job.name"]) ?? root.facts.name;
  return method !== undefined && route !== undefined ? `${method} ${route}` : root.facts.name;
}

/** Sums of the spans of a unit of work. */
class Tally {
  readonly queries: Period[] = [];
  readonly calls: Period[] = [];
  readonly errors = new Set<string>();
  spans = 0;
  queryCount = 0;
  callCount = 0;
  cacheHits = 0;
  cacheMisses = 0;
  logs = 0;
  stalls = 0;

  add({ facts, parent, logs }: SpanNode): void {
    this.spans++;
    this.stalls += facts.stalls;
    this.cacheHits += facts.cacheHits;
    this.cacheMisses += facts.cacheMisses;
    for (const key of facts.errorKeys) this.errors.add(key);
    this.addLogs(logs);
    // A call inside a call is part of it, as the request of an SDK is.
    const isOutermost = parent?.facts.purpose !== facts.purpose;
    if (facts.purpose === "query") {
      this.queries.push(facts);
      if (isOutermost) this.queryCount++;
    } else if (facts.purpose === "call") {
      this.calls.push(facts);
      if (isOutermost) this.callCount++;
    }
  }

  addLogs(logs: readonly LogFacts[]): void {
    this.logs += logs.length;
    for (const { errorKey } of logs) if (errorKey !== undefined) this.errors.add(errorKey);
  }
}

function countsOf(roots: readonly SpanNode[], looseLogs: readonly LogFacts[]): Counts {
  const tally = new Tally();
  forEachBelow(roots, (node) => tally.add(node));
  if (roots[0]?.parent === undefined) tally.addLogs(looseLogs);
  // The root of a unit counts the lookups of all its caches, also of those in memory.
  const { cacheHits, cacheMisses } = rootLookups(roots) ?? tally;
  return {
    spans: tally.spans,
    queries: tally.queryCount,
    queryMs: busyMs(tally.queries),
    cacheHits,
    cacheMisses,
    calls: tally.callCount,
    callMs: busyMs(tally.calls),
    logs: tally.logs,
    errors: tally.errors.size,
    stalls: tally.stalls,
  };
}

/** Returns the lookups that the roots of units of work have counted; undefined without any. */
function rootLookups(
  roots: readonly SpanNode[],
): Pick<Counts, "cacheHits" | "cacheMisses"> | undefined {
  let found = false;
  const sum = { cacheHits: 0, cacheMisses: 0 };
  forEachBelow(roots, ({ facts }) => {
    if (facts.attributes["telltale.cache.hits"] === undefined) return;
    found = true;
    sum.cacheHits += facts.cacheHits;
    sum.cacheMisses += facts.cacheMisses;
  });
  return found ? sum : undefined;
}

function highestSeverity(groups: readonly RepeatedCalls[]): RepeatedCalls["severity"] {
  const severities = new Set(groups.map(({ severity }) => severity));
  if (severities.has("error")) return "error";
  return severities.has("warning") ? "warning" : "info";
}
