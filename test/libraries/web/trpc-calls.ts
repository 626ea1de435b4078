/** A request for procedures, and what its span records. */
export interface TrpcCall {
  readonly title: string;
  readonly method?: "POST";
  /** Path below tRPC's mount. */
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  /** Last part of the route; undefined where no procedure runs. */
  readonly called: string | undefined;
  readonly type?: "query" | "mutation";
  /** `rpc.method`. */
  readonly procedure?: string;
  readonly batch?: readonly string[];
  /** Message of the error that fails the request. */
  readonly failure?: string;
  /** Class of the reported error: the thrown one, unless the app reports tRPC's around it. */
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
    title: "a procedure that throws an error which the app reports itself",
    path: "reported",
    status: 500,
    called: "reported",
    type: "query",
    procedure: "reported",
    failure: "reported by the app",
    reported: "TRPCError",
  },
  {
    title: "a code of a server error",
    path: "unavailable",
    status: 501,
    called: "unavailable",
    type: "query",
    procedure: "unavailable",
    failure: "closed today",
    reported: "TRPCError",
  },
  {
    title: "a code of a client error",
    path: "refused",
    status: 401,
    called: "refused",
    type: "query",
    procedure: "refused",
  },
  {
    title: "an invalid input",
    path: "orders.byId?input=%22x%22",
    status: 400,
    called: "orders.byId",
    type: "query",
    procedure: "orders.byId",
  },
  { title: "an unknown procedure", path: "orders.absent", status: 404, called: undefined },
];

/** A server of tRPC in the apps. */
export interface TrpcAdapter {
  readonly name: string;
  /** Mount of tRPC, in URLs and in routes. */
  readonly base: string;
  readonly mount: string;
  /** Route of unknown procedures. */
  readonly fallback?: string;
}

export const trpcAdapters: readonly TrpcAdapter[] = [
  { name: "standalone", base: "", mount: "" },
  { name: "express", base: "/shops/4711/trpc", mount: "/shops/:shop/trpc" },
  { name: "fastify", base: "/api/trpc", mount: "/api/trpc", fallback: "/api/trpc/:path" },
];

/** Sends a request for procedures. Returns the status of the response. */
export async function postCall(
  url: string,
  { method, body }: Pick<TrpcCall, "method" | "body">,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(url, {
    method: method ?? "GET",
    headers: { ...headers, ...(method && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}
