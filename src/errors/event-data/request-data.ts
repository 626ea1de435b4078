import { _INTERNAL_filterCookies, type Event } from "@sentry/core";
import type { DataCollectionName } from "../../config/config.ts";
import type { ArrivedRequest, ErrorSlot } from "../../context/unit-views.ts";
import { isSecretKey } from "../../secrets.ts";
import { tryRead } from "../../try-read.ts";
import { bodyOf } from "./request-body.ts";
import { collectHeaders } from "./request-headers.ts";
import { FILTERED, filterQuery, hasToken } from "./filtered.ts";

/** What `TELLTALE_DATA_COLLECTION` opens. */
export type Collected = ReadonlySet<DataCollectionName>;

/**
 * Adds the data of the request that is opened to an event: each option its own part, in
 * Sentry's fields, and with its secrets masked. Where Sentry has a filter, both apply, its
 * own and that of telltale. Adds nothing to what the app has set itself. Never throws.
 */
export function addRequestData(event: Event, unit: ErrorSlot, collected: Collected): void {
  if (collected.size === 0) return;
  const arrived = tryRead(() => unit.arrivedRequest());
  if (arrived === undefined) return;
  event.request = { ...requestFields(unit, arrived, collected), ...event.request };
  const { clientAddress } = arrived;
  if (collected.has("userInfo") && clientAddress !== undefined) {
    event.user = { ip_address: clientAddress, ...event.user };
  }
}

type RequestFields = NonNullable<Event["request"]>;

function requestFields(
  unit: ErrorSlot,
  arrived: ArrivedRequest,
  collected: Collected,
): RequestFields {
  const fields: RequestFields = {};
  const { headers, query } = arrived;
  if (collected.has("httpHeaders") && headers !== undefined) {
    const opened = {
      personal: collected.has("userInfo"),
      queries: collected.has("urlQueryParams"),
    };
    fields.headers = tryRead(() => collectHeaders(headers, opened)) ?? {};
  }
  if (collected.has("cookies")) {
    const cookies = tryRead(() => cookiesOf(headers?.["cookie"]));
    if (cookies !== undefined) fields.cookies = cookies;
  }
  if (collected.has("urlQueryParams") && query !== undefined) {
    fields.query_string = filterQuery(query);
  }
  if (collected.has("httpBodies")) {
    const body = bodyOf(unit);
    if (body !== undefined) fields.data = body;
  }
  return fields;
}

/** No browser sends more. */
const MAX_COOKIE_LENGTH = 20_000;

function cookiesOf(header: unknown): Record<string, string> | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.slice(0, MAX_COOKIE_LENGTH);
  const cookies = _INTERNAL_filterCookies(text, true, "cookie");
  return Object.fromEntries(
    Object.entries(cookies).map(([name, value]) => {
      const isSecret = isSecretKey(name) || hasToken(value);
      return [name, isSecret ? FILTERED : value];
    }),
  );
}
