import { isRequestId } from "../../context/request-id.ts";
import { newUuid } from "../../traces/ids.ts";

/** Header of the request id, in requests and responses. */
export const REQUEST_ID_HEADER = "x-request-id";

/** Returns the id that the client sent, if it is well formed, or else a new one. */
export function requestIdFrom(given: unknown): string {
  return isRequestId(given) ? given : newUuid();
}

/** Whether this is the name of the header, in any case. */
export function isRequestIdHeader(name: unknown): boolean {
  return (
    typeof name === "string" &&
    name.length === REQUEST_ID_HEADER.length &&
    name.toLowerCase() === REQUEST_ID_HEADER
  );
}
