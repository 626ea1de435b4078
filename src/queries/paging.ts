import type { Call } from "./call.ts";

/** What a group of calls shows of paging. */
interface RepeatedReads {
  readonly source: string;
  readonly fingerprint: string;
  readonly concurrent: boolean;
}

/**
 * Whether calls read a long result part by part, which is no N+1: one after the other, from
 * different offsets or behind the last key, or with the next page of one path.
 */
export function isPaging(
  { source, fingerprint, concurrent }: RepeatedReads,
  calls: readonly Call[],
): boolean {
  if (concurrent) return false;
  if (source === "sql") return isPagedQuery(fingerprint, calls);
  return source === "http" && PAGE_FIELD.test(fingerprint) && haveOnePath(calls);
}

function isPagedQuery(fingerprint: string, calls: readonly Call[]): boolean {
  if (!/ LIMIT \?/i.test(fingerprint)) return false;
  if (/ OFFSET \?/i.test(fingerprint)) return new Set(calls.map(offsetOf)).size > 1;
  return /[\w"`)] [<>] [?(]/.test(fingerprint) && !/[\w"`)] = \?/.test(fingerprint);
}

const OFFSET = /\bOFFSET\s+(?:(\d+)|\$(\d+)|\?)/i;

/** Returns the offset of a query: a literal or a parameter; undefined if it is unknown. */
function offsetOf({ text, parameters }: Call): string | undefined {
  const found = OFFSET.exec(text);
  if (found === null) return undefined;
  const [, literal, position] = found;
  if (literal !== undefined) return literal;
  const at =
    position === undefined ? text.slice(0, found.index).split("?").length : Number(position);
  return parameters?.[at - 1];
}

const PAGE_FIELD = /[?&](?:page|offset|cursor|after|start|skip|from|page_token|pageToken)=/;

function haveOnePath(calls: readonly Call[]): boolean {
  return new Set(calls.map(({ text }) => text.split("?", 1)[0])).size === 1;
}
