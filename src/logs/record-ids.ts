import type { LogContext } from "./correlation.ts";
import type { LogRecord } from "./log-record.ts";

/** The ids that a unit of work had when a line was written. Ids that are set later don't belong to the line. */
export interface RecordIds {
  readonly request_id: string | undefined;
  readonly user_id: string | undefined;
  readonly organization_id: string | undefined;
  /** Id of the error event that was captured before, which no line shows. */
  readonly event_id: string | undefined;
}

const NO_IDS: RecordIds = {
  request_id: undefined,
  user_id: undefined,
  organization_id: undefined,
  event_id: undefined,
};

export function recordIdsOf({ unit }: LogContext): RecordIds {
  if (unit === undefined) return NO_IDS;
  const { requestId, userId, organizationId, errorEventId } = unit;
  return {
    request_id: requestId,
    user_id: userId,
    organization_id: organizationId,
    event_id: errorEventId,
  };
}

/** Adds the ids as attributes. `user_id`, the name on lines, is added beside `user.id`. */
export function addIdAttributes(record: LogRecord, ids: RecordIds): void {
  if (ids.request_id !== undefined) record.setAttribute("telltale.request.id", ids.request_id);
  if (ids.user_id !== undefined) {
    record.setAttribute("user.id", ids.user_id);
    record.setAttribute("user_id", ids.user_id);
  }
  if (ids.organization_id !== undefined) {
    record.setAttribute("telltale.organization.id", ids.organization_id);
  }
  if (ids.event_id !== undefined) record.setAttribute("sentry.event_id", ids.event_id);
}

/** An id that lines show. */
type LineIdName = Exclude<keyof RecordIds, "event_id">;

/**
 * Leaves out ids that the app removed from the line.
 *
 * @param isVisible whether the line has a field of that name, or shows the value elsewhere.
 */
export function visibleIds(
  ids: RecordIds,
  isVisible: (name: LineIdName, value: string) => boolean,
): RecordIds {
  if (ids === NO_IDS) return ids;
  const ifVisible = (name: LineIdName): string | undefined => {
    const { [name]: value } = ids;
    return value !== undefined && isVisible(name, value) ? value : undefined;
  };
  return {
    request_id: ifVisible("request_id"),
    user_id: ifVisible("user_id"),
    organization_id: ifVisible("organization_id"),
    event_id: ids.event_id,
  };
}

/** Whether a field is one of the ids, which a record has under other names. */
export function isUnitOfWorkField(key: string, value: unknown, ids: RecordIds): boolean {
  switch (key) {
    case "request_id":
    case "user_id":
    case "organization_id":
      return value !== undefined && value === ids[key];
    default:
      return false;
  }
}

/** Whether a field repeats the span context of the record. */
export function isTraceField(key: string, value: unknown, { spanContext }: LogRecord): boolean {
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
