/** A request for procedures, and what its span says. */
export interface TrpcCall {
  readonly title: string;
  readonly method?: "POST";
  /** Below where tRPC is mounted. */
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  /** The last part of the route; undefined: what runs is no procedure. */
  readonly called: string | undefined;
  readonly type?: "query" | "mutation";
  /** `rpc.method`. */
  readonly procedure?: string;
  readonly batch?: readonly string[];
  /** The message of the error that it fails of. */
  readonly failure?: string;
  /** The class of what is reported; its own, not tRPC's around it. */
  readonly reported?: string;
}

const input = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

export const trpcCalls: readonly TrpcCall[] = [
  {
    title: "a query",
    path: `orders.byId?input=${input(7)}`,
    status: 200,
    called: "orders.byId",
    type: "query",
    procedure: "orders.byId",
  },
  {
    title: "a mutation",
    method: "POST",
    path: "orders.create",
    status: 200,
    called: "orders.create",
    type: "mutation",
    procedure: "orders.create",
  },
  {
    title: "a batch of one procedure",
    path: `orders.byId,orders.byId?batch=1&input=${input({ 0: 1, 1: 2 })}`,
    status: 200,
    called: "orders.byId",
    type: "query",
    procedure: "orders.byId",
  },
  {
    title: "a batch of two, one of which fails",
    path: "orders.list,broken?batch=1&input=%7B%7D",
    status: 207,
    called: "{batch}",
    type: "query",
    batch: ["broken", "orders.list"],
    failure: "order is broken",
    reported: "RangeError",
  },
  {
    title: "a procedure that throws",
    path: "broken",
    status: 500,
    called: "broken",
    type: "query",
    procedure: "broken",
    failure: "order is broken",
    reported: "RangeError",
  },
  {
    title: "a procedure that throws, which the app tells of, too",
    path: "told",
    status: 500,
    called: "told",
    type: "query",
    procedure: "told",
    failure: "told by the app",
    reported: "TRPCError",
  },
  {
    title: "a code of the server's",
    path: "unavailable",
    status: 501,
    called: "unavailable",
    type: "query",
    procedure: "unavailable",
    failure: "closed today",
    reported: "TRPCError",
  },
  {
    title: "a code that is the client's doing",
    path: "refused",
    status: 401,
    called: "refused",
    type: "query",
    procedure: "refused",
  },
  {
    title: "an input that doesn't fit",
    path: "orders.byId?input=%22x%22",
    status: 400,
    called: "orders.byId",
    type: "query",
    procedure: "orders.byId",
  },
  { title: "what there is not", path: "orders.absent", status: 404, called: undefined },
];
