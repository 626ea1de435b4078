import type { Origin } from "./correlation.ts";
import type { LogRecord } from "./record.ts";

/** The ids of a unit of work when a line was written; later ones are not the line's. */
export interface RecordIds {
  readonly request_id: string | undefined;
  readonly user_id: string | undefined;
  readonly organization_id: string | undefined;
}

const NONE: RecordIds = { request_id: undefined, user_id: undefined, organization_id: undefined };

export function idsOf({ holder }: Origin): RecordIds {
  if (holder === undefined) return NONE;
  const { requestId, userId, organizationId } = holder;
  return { request_id: requestId, user_id: userId, organization_id: organizationId };
}

/** Adds the ids by their names as attributes; `user_id`, as lines call it, stays beside `user.id`. */
export function addIds(record: LogRecord, ids: RecordIds): void {
  if (ids.request_id !== undefined) record.add("telltale.request.id", ids.request_id);
  if (ids.user_id !== undefined) {
    record.add("user.id", ids.user_id);
    record.add("user_id", ids.user_id);
  }
  if (ids.organization_id !== undefined) {
    record.add("telltale.organization.id", ids.organization_id);
  }
}

/**
 * Without those that the app took out of the line again.
 *
 * @param isShown whether the line has a field of that name, or the value elsewhere.
 */
export function shownIds(
  ids: RecordIds,
  isShown: (name: keyof RecordIds, value: string) => boolean,
): RecordIds {
  if (ids === NONE) return ids;
  const shown = (name: keyof RecordIds): string | undefined => {
    const { [name]: value } = ids;
    return value !== undefined && isShown(name, value) ? value : undefined;
  };
  return {
    request_id: shown("request_id"),
    user_id: shown("user_id"),
    organization_id: shown("organization_id"),
  };
}

/** Whether a line's field is one of the ids, which a record has by other names. */
export function isOfWork(key: string, value: unknown, ids: RecordIds): boolean {
  switch (key) {
    case "request_id":
    case "user_id":
    case "organization_id":
      return value !== undefined && value === ids[key];
    default:
      return false;
  }
}

/** Whether a line's field says of the trace what the record has a place of its own for. */
export function isOfTrace(key: string, value: unknown, { spanContext }: LogRecord): boolean {
  switch (key) {
    case "trace_id":
      return value === spanContext?.traceId;
    case "span_id":
      return value === spanContext?.spanId;
    case "trace_flags":
      return spanContext !== undefined;
    default:
      return false;
  }
}
