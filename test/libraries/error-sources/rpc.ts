import { GrpcClient } from "./grpc-client.ts";
import { HttpClient } from "./http-client.ts";
import type { ErrorSourceRow, SourceApp } from "./row.ts";
import { type AppProgram, startApp } from "./run.ts";
import { type SourceGroup, sourcesOf } from "./source-group.ts";

const later = { captured: "app", timer: "process", floating: "process", caught: "none" } as const;
const common = { sync: "framework", async: "framework", ...later, client: "none" } as const;

/** Starts an app of `apps/`. */
function starter(program: AppProgram): SourceApp["start"] {
  // Stacks in responses would be others.
  const env = { NODE_ENV: "production" };
  return (receiver) => startApp({ env, ...program }, receiver);
}

function trpcRow(
  version: string,
  installed: string,
  others: ErrorSourceRow["reporters"] = {},
): ErrorSourceRow {
  return {
    framework: `tRPC ${version}`,
    app: {
      start: starter({
        app: "../../error-sources/apps/trpc",
        group: "web",
        loads: { trpc: installed, adapter: `${installed}/adapters/standalone` },
      }),
      connect: (port) => new HttpClient(port, true),
      pathOf: (place, value) => `/${place}?input=${encodeURIComponent(JSON.stringify(value))}`,
    },
    reporters: {
      ...common,
      middleware: "framework",
      output: "framework",
      context: "framework",
      input: "none",
      ...others,
    },
    // The context is created before there is a procedure.
    transactionOf: (place) => (place === "context" ? undefined : `GET /${place}`),
    replacements: {
      output: { type: "TRPCError", text: "Output validation failed" },
      context: { type: "TRPCError", text: "INTERNAL_SERVER_ERROR" },
    },
    breaking: ["getters", "proxy"],
  };
}

type GraphqlOptions = Pick<AppProgram, "loads"> &
  Pick<ErrorSourceRow, "framework"> & { readonly others?: ErrorSourceRow["reporters"] };

/** Errors of resolvers fail the request, whatever its status. A server calls `context` before an operation. */
function graphqlRow({ framework, loads, others = {} }: GraphqlOptions): ErrorSourceRow {
  return {
    framework,
    app: {
      start: starter({ app: "../../error-sources/apps/graphql", group: "web", loads }),
      connect: (port) => new HttpClient(port, true),
      pathOf: (place, value) =>
        `/?query=${encodeURIComponent(`query Failing {${place}(value:"${value}")}`)}`,
    },
    reporters: { ...common, replied: "framework", scalar: "framework", ...others },
    transactionOf: () => undefined,
    // GraphQL.js takes an error of another realm for a result, which it refuses with an error of its own.
    isFailure: (_status, { place, value: { name } }) =>
      name !== "status404" && !(place === "replied" && name === "realm"),
    breaking: ["getters", "proxy"],
  };
}

/** https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#grpc-status */
const grpcFailures: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);
const MAX_GRPC_CODE = 16;

function grpcRow({ installed, ...row }: GrpcOptions): ErrorSourceRow {
  const isOld = installed === "grpc-js10";
  return {
    ...row,
    app: {
      start: starter({
        app: "../../error-sources/apps/grpc",
        group: "rpc",
        loads: { grpc: installed },
        wildcard: isOld ? "start" : "",
      }),
      connect: (port) => new GrpcClient(port),
      pathOf: (place, value) => `/${place}/${value}`,
      isUnanswered: (place) => place === "async" || (isOld && place === "sync"),
    },
    transactionOf: (place) => `POST /shop.Sources/${place}`,
    isFailure: (status = 0) => grpcFailures.has(status) || status > MAX_GRPC_CODE,
  };
}

type GrpcOptions = Pick<ErrorSourceRow, "framework" | "reporters" | "breaking"> & {
  readonly installed: string;
};

const inGrpc = { async: "process", replied: "framework", stream: "framework" } as const;
const { captured: _, ...withoutCaptured } = common;

export const rpcRows: readonly ErrorSourceRow[] = [
  trpcRow("10", "trpc10"),
  trpcRow("11", "@trpc/server", { stream: "framework" }),
  graphqlRow({
    framework: "Apollo Server 5",
    loads: {
      graphql: "graphql",
      apollo: "@apollo/server",
      standalone: "@apollo/server/standalone",
    },
    others: { context: "framework" },
  }),
  graphqlRow({
    framework: "`graphql-http` 1",
    loads: { graphql: "graphql", handler: "graphql-http/lib/use/http" },
    others: { context: "framework" },
  }),
  graphqlRow({ framework: "GraphQL.js 17", loads: { graphql: "graphql17" } }),
  // It calls handlers in an async function, and sends no status of the breaking values.
  grpcRow({
    framework: "`@grpc/grpc-js` 1.0",
    installed: "grpc-js10",
    reporters: { ...withoutCaptured, ...inGrpc, sync: "rejection" },
    breaking: ["getters", "proxy", "frozen"],
  }),
  grpcRow({
    framework: "`@grpc/grpc-js` 1.14",
    installed: "@grpc/grpc-js",
    reporters: { ...common, ...inGrpc },
  }),
];

export const sourceGroup: SourceGroup = {
  title: "RPC and GraphQL",
  sources: sourcesOf(rpcRows, {
    sync: "a resolver, a procedure or a method that throws",
    async: "a resolver, a procedure or a method that rejects",
    replied: "an error as the result",
    scalar: "a scalar that can't be serialized",
    client: "an error with a code of the client",
  }),
};
