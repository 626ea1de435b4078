import type { UnitSummary } from "../../model.ts";
import type { UnitFilter } from "../../viewer-store.ts";
import type { StoredUnit } from "../history/archive.ts";

/** A filter whose run has been resolved. */
export interface MatchFilter extends Omit<UnitFilter, "run"> {
  readonly runs?: ReadonlySet<string> | undefined;
}

export function unitMatcher(filter: MatchFilter): (unit: StoredUnit) => boolean {
  const tests = testsOf(filter);
  return (unit) => tests.every((test) => test(unit));
}

type Test = (unit: StoredUnit) => boolean;

function testsOf(filter: MatchFilter): Test[] {
  const tests: Test[] = [];
  const add = (test: (summary: UnitSummary, unit: StoredUnit) => boolean): void =>
    void tests.push((unit) => test(unit.summary, unit));
  const { name, status, minMs, maxMs, attributes, service, runs, kind, text } = filter;
  if (filter.noise !== true) add(({ noise }) => !noise);
  if (service !== undefined) add((summary) => summary.service === service);
  if (runs !== undefined) add((summary) => runs.has(summary.run));
  if (kind !== undefined) add((summary) => summary.kind === kind);
  if (name !== undefined) add((summary) => summary.name === name);
  if (status !== undefined) add((summary) => matchesStatus(summary.status, status));
  if (minMs !== undefined) add(({ durationMs }) => durationMs >= minMs);
  if (maxMs !== undefined) add(({ durationMs }) => durationMs <= maxMs);
  if (filter.failed === true) add(({ failed, counts }) => failed || counts.errors > 0);
  if (filter.nPlusOne === true) add(({ nPlusOne }) => nPlusOne);
  for (const { key, value } of attributes ?? []) {
    add((_, unit) => hasAttribute(unit.attributes, `${key}:${value}`));
  }
  if (text !== undefined && text !== "") {
    const wanted = text.toLowerCase();
    add((summary, unit) => hasText(summary, unit, wanted));
  }
  return tests;
}

function matchesStatus(status: number | undefined, wanted: string): boolean {
  if (status === undefined) return false;
  return /^[1-5]xx$/i.test(wanted) ? String(status)[0] === wanted[0] : String(status) === wanted;
}

/** Attributes are lines. */
function hasAttribute(attributes: string, wanted: string): boolean {
  return `\n${attributes}\n`.includes(`\n${wanted}\n`);
}

function hasText(summary: UnitSummary, { attributes }: StoredUnit, wanted: string): boolean {
  const { name, path, id, traceId, spanId, service } = summary;
  return (
    name.toLowerCase().includes(wanted) ||
    (path?.toLowerCase().includes(wanted) ?? false) ||
    service.toLowerCase().includes(wanted) ||
    [id, traceId, spanId].some((one) => one.startsWith(wanted)) ||
    attributes.toLowerCase().includes(wanted)
  );
}
