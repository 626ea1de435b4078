/** A call of `apps/grpc-stock.cjs`, and its outcome. */
export interface CallRow {
  readonly method: string;
  /** gRPC's status. */
  readonly status: { readonly code: number; readonly name: string };
  /** Whether it is the server's failure. */
  readonly fails?: true;
  /** Message of the one Sentry event. */
  readonly event?: string;
  /** Log lines of the handler. */
  readonly lines?: readonly string[];
  /** Whether only newer versions respond to a handler that throws; in older ones the error is uncaught. */
  readonly isNew?: true;
}

const OK = { code: 0, name: "OK" };

export const calls: readonly CallRow[] = [
  { method: "Count", status: OK, lines: ["count"] },
  { method: "Missing", status: { code: 5, name: "NOT_FOUND" } },
  {
    method: "Internal",
    status: { code: 13, name: "INTERNAL" },
    fails: true,
    event: "the stock is on fire",
  },
  {
    method: "Unassigned",
    status: { code: 17, name: "UNKNOWN" },
    fails: true,
    event: "no code of gRPC",
  },
  {
    method: "Broken",
    status: { code: 2, name: "UNKNOWN" },
    fails: true,
    event: "the stock is broken",
  },
  {
    method: "Throws",
    status: { code: 2, name: "UNKNOWN" },
    fails: true,
    event: "thrown in a handler",
    isNew: true,
  },
  { method: "Hangs", status: { code: 1, name: "CANCELLED" }, lines: ["cancelled"] },
  { method: "List", status: OK, lines: ["list", "listed"] },
  {
    method: "ListBroken",
    status: { code: 14, name: "UNAVAILABLE" },
    fails: true,
    event: "the list is broken",
  },
  { method: "Sum", status: OK, lines: ["sum"] },
  { method: "Echo", status: OK, lines: ["echo"] },
];
