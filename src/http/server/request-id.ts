import { newUuid } from "../../traces/ids.ts";

/** The header by which callers and responses name a request. */
export const REQUEST_ID_HEADER = "x-request-id";

/** What is taken over from a caller. */
const WELL_FORMED = /^[A-Za-z0-9._~+/=:-]{1,128}$/;

/** The id of a request: the caller's, if it is fit to be passed on, or else a new one. */
export function requestIdFrom(given: unknown): string {
  return typeof given === "string" && WELL_FORMED.test(given) ? given : newUuid();
}

/** Whether a header of this name is the one, whatever its case. */
export function isRequestIdHeader(name: unknown): boolean {
  return (
    typeof name === "string" &&
    name.length === REQUEST_ID_HEADER.length &&
    name.toLowerCase() === REQUEST_ID_HEADER
  );
}
