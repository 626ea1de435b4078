/** Ids that are accepted from a client and from the app. They need no escapes in a header or in JSON. */
const WELL_FORMED = /^[A-Za-z0-9._~+/=:-]{1,128}$/;

export function isRequestId(value: unknown): value is string {
  return typeof value === "string" && WELL_FORMED.test(value);
}
