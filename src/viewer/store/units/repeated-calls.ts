import { type Call, callOfSpan } from "../../../queries/call.ts";
import { fingerprint } from "../../../queries/fingerprint.ts";
import { compileIgnoreRules, type IgnoresCall } from "../../../queries/ignore-rules.ts";
import { findRepeatedCalls } from "../../../queries/repeated-calls.ts";
import type { RepeatedCalls } from "../../model.ts";
import { placeIn } from "../details/stack-frames.ts";
import type { Origin } from "../items/otlp-items.ts";
import type { SpanFacts } from "./span-facts.ts";
import { beginsUnit, type SpanNode } from "./span-node.ts";

/** How repeated calls are looked for. */
export interface RepeatedCallContext {
  /** Fingerprints and places that are not reported. */
  readonly ignore: readonly string[];
  readonly projectFolder: string;
}

/** Finds the repeated calls of a unit of work, in all its services. */
export function repeatedCallsOf(
  roots: readonly SpanNode[],
  { ignore, projectFolder }: RepeatedCallContext,
): RepeatedCalls[] {
  return findRepeatedCalls(callsOf(roots), { ignore }).map(({ place, ...group }) => ({
    ...group,
    ...(place !== undefined && {
      place: { ...place, ...placeIn(place.file, place.line, projectFolder) },
    }),
  }));
}

/** Returns the call of a span in the unit of work of a service; undefined if it is none. */
export function callOf(facts: SpanFacts, scope: string): Call | undefined {
  const { kind, purpose, start, end } = facts;
  if (purpose === "work") return undefined;
  const isClient = kind === "client";
  return callOfSpan({ ...facts, isClient, durationMs: end - start }, scope);
}

/** The rules of the resources that have some. */
const rulesOfResources = new WeakMap<Origin, IgnoresCall>();

/** Whether the app that has made the call excludes it, by `TELLTALE_REPEATED_IGNORE`. */
function isIgnored(call: Call, resource: Origin): boolean {
  const entries = resource.attributes["telltale.repeated.ignore"];
  if (!Array.isArray(entries)) return false;
  const rules = rulesOfResources.get(resource) ?? compileIgnoreRules(entries.map(String));
  rulesOfResources.set(resource, rules);
  return rules(fingerprint(call).text, call.place);
}

function callsOf(roots: readonly SpanNode[]): Call[] {
  const calls: Call[] = [];
  const pending = roots.map((node) => ({ node, scope: node.facts.spanId }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, scope } = next;
    // A call inside a call is part of it.
    const isOutermost = node.parent?.facts.purpose !== node.facts.purpose;
    const call = isOutermost ? callOf(node.facts, scope) : undefined;
    if (call !== undefined && !isIgnored(call, node.resource)) calls.push(call);
    for (const child of node.children) {
      pending.push({ node: child, scope: beginsUnit(child) ? child.facts.spanId : scope });
    }
  }
  return calls;
}
