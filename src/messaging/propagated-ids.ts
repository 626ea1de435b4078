import { isRequestId } from "../context/request-id.ts";
import type { PropagationHeaders } from "../context/messaging.ts";
import type { LogIds } from "../context/unit-views.ts";

/** The ids of a unit of work that reach the jobs which it starts, as headers of their messages. */
export interface PropagatedIds {
  readonly requestId?: string | undefined;
  readonly userId?: string | undefined;
  readonly organizationId?: string | undefined;
}

/** Names of ours: an app may have headers such as `x-request-id` itself. */
const REQUEST_ID = "telltale-request-id";
const USER_ID = "telltale-user-id";
const ORGANIZATION_ID = "telltale-organization-id";

/** Longer ones are no ids, and every message would have them. */
const MAX_LENGTH = 256;

/** Adds the ids to the headers of a message, which have the trace context already. */
export function addPropagatedIds(headers: PropagationHeaders, ids: LogIds | undefined): void {
  if (ids === undefined || Object.keys(headers).length === 0) return;
  const values = {
    [REQUEST_ID]: ids.requestId,
    [USER_ID]: encoded(ids.userId),
    [ORGANIZATION_ID]: encoded(ids.organizationId),
  };
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) (headers as Record<string, string>)[name] = value;
  }
}

/** Returns the ids that all messages have in common: a batch may be of several requests. */
export function propagatedIdsOf(messages: readonly PropagationHeaders[]): PropagatedIds {
  const requestId = commonIn(messages, REQUEST_ID);
  return {
    requestId: isRequestId(requestId) ? requestId : undefined,
    userId: decoded(commonIn(messages, USER_ID)),
    organizationId: decoded(commonIn(messages, ORGANIZATION_ID)),
  };
}

function commonIn(messages: readonly PropagationHeaders[], name: string): string | undefined {
  const value = messages[0]?.[name];
  return messages.every((headers) => headers[name] === value) ? value : undefined;
}

/** Brokers accept no line breaks, and some no other characters than those of ASCII. */
function encoded(id: string | undefined): string | undefined {
  if (id === undefined || id === "" || id.length > MAX_LENGTH) return undefined;
  try {
    return encodeURIComponent(id);
  } catch {
    // Half of a surrogate pair.
    return undefined;
  }
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === "" || text.length > MAX_LENGTH * 9) return undefined;
  try {
    return decodeURIComponent(text).slice(0, MAX_LENGTH);
  } catch {
    return undefined;
  }
}
