import type { LibraryRow } from "../row.ts";

/** A program of `apps/`, which plays the part that its test asks for. */
export interface WebRow extends LibraryRow {
  readonly app: string;
}

const http2 = {
  library: "node:http2",
  installed: "node:http2",
  gives:
    "server spans (`request` and `stream` events, HTTP/1 by ALPN), metrics, errors, request id",
};

export const http2Rows: readonly WebRow[] = [
  { ...http2, app: "http2.mjs", moduleSystem: "esm", node: "26" },
  { ...http2, app: "http2.cjs", moduleSystem: "cjs", node: "24" },
  { ...http2, app: "http2.mjs", moduleSystem: "esm", node: "22.15" },
];

export const rows: readonly WebRow[] = [...http2Rows];
