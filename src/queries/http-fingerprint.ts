import { maskIds } from "./ids.ts";

/** A request to another service without what differs from call to call. */
export interface HttpFingerprint {
  /** `GET http://localhost:3000/users/?`, with the names of the query's fields. */
  readonly text: string;
  readonly method: string;
  /** `localhost:3000`. */
  readonly host: string;
  readonly path: string;
}

/** Longer URLs are truncated before they are read. */
const MAX_LENGTH = 2000;

const URL_PARTS = /^([a-z][a-z\d+.-]*:\/\/)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/i;

/** @param request method and URL: `GET http://localhost:3000/users/1?full=1` */
export function httpFingerprint(request: string): HttpFingerprint {
  const [, method = "", url = ""] = /^(\S*)\s*(.*)$/s.exec(request.slice(0, MAX_LENGTH)) ?? [];
  const [, scheme = "", authority = "", path = "", query] = URL_PARTS.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const names = query === undefined || query === "" ? "" : `?${fieldsOf(query)}`;
  return {
    text: `${method} ${scheme}${host}${maskIds(path)}${names}`,
    method,
    host,
    path,
  };
}

function fieldsOf(query: string): string {
  const names = query.split("&").map((field) => field.replace(/=.*$/s, "=?"));
  return [...new Set(names)].join("&");
}
