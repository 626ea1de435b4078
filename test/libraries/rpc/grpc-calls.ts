/** A call of `apps/grpc-stock.cjs`, and what becomes of it. */
export interface CallRow {
  readonly method: string;
  /** gRPC's; of the status names those that are told. */
  readonly status: { readonly code: number; readonly name: string };
  /** Whether it is the server's failure. */
  readonly fails?: true;
  /** The message of the one Sentry event that comes of it. */
  readonly event?: string;
  /** What the handler logs. */
  readonly lines?: readonly string[];
  /** Since when a handler's throw is answered; before, the process dies of it. */
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
