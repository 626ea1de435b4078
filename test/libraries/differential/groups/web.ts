import { startReceiver } from "../../../../src/testing/receiver.ts";
import { makeCertificates } from "../../../export/certificates.ts";
import { calls as grpcCalls } from "../../rpc/grpc-calls.ts";
import { rows as grpcRows } from "../../rpc/rows.ts";
import { WebApp } from "../../web/app.ts";
import { graphqlCases, postOperation } from "../../web/graphql-cases.ts";
import { http2RequestRows, requestServer } from "../../web/http2-requests.ts";
import {
  graphqlApps,
  http2Rows,
  rows as webRows,
  socketIoApps,
  trpcApps,
  wsApps,
} from "../../web/rows.ts";
import { SocketClient } from "../../web/socket-io-client.ts";
import { postCall, trpcAdapters, trpcCalls } from "../../web/trpc-calls.ts";
import { WebSocketClient } from "../../web/websocket-client.ts";
import type { Environment, LibraryRun, RunGroup } from "../run-group.ts";
import { oncePerVersion, titleOf } from "./once.ts";

const caller = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "x-request-id": "from-the-caller",
};

export const webGroup: RunGroup = {
  title: "HTTP/2, RPC, GraphQL and sockets",
  runs: [
    http2Run(),
    runOf("GraphQL", graphqlApps[0], false, { NODE_ENV: "production" }, sendOperations),
    runOf("ws", wsApps[0], true, { OTEL_INSTRUMENTATION_WS_MESSAGES: "true" }, talkByWebSocket),
    runOf(
      "Socket.IO",
      socketIoApps[0],
      false,
      { OTEL_INSTRUMENTATION_SOCKET_IO_MESSAGES: "true" },
      talkBySocketIo,
    ),
    runOf("tRPC", trpcApps[0], false, {}, callProcedures),
    ...grpcRuns(),
  ],
};

type Drive = (app: WebApp) => Promise<void>;

function runOf(
  title: string,
  program: { readonly app: string; readonly node: "26" | "24" | "22.15" } | undefined,
  isSelected: boolean,
  ownEnv: Environment,
  drive: Drive,
): LibraryRun {
  if (program === undefined) throw new Error(`${title} has no app`);
  const { app, node } = program;
  return {
    title,
    rows: webRows.filter((row) => row.app === app && row.node === node),
    isSelected,
    run: (env) => runApp({ app, node, env: { ...ownEnv, ...env } }, drive),
  };
}

async function runApp(
  options: Omit<Parameters<typeof WebApp.start>[0], "receiver">,
  drive: Drive,
): ReturnType<LibraryRun["run"]> {
  const receiver = await startReceiver();
  try {
    const env = { SURVIVES: "1", ...options.env };
    const app = await WebApp.start({ ...options, env, receiver });
    try {
      await drive(app);
    } catch (error) {
      await app.stop();
      throw error;
    }
    const ended = await app.stop();
    await receiver.settled();
    return { received: receiver, processes: [ended] };
  } finally {
    await receiver.close();
  }
}

function http2Run(): LibraryRun {
  const { ca, server } = makeCertificates();
  const ownEnv = { TLS_KEY: server.key, TLS_CERT: server.cert };
  return runOf("HTTP/2", http2Rows[0], true, ownEnv, async (app) => {
    for (const row of http2RequestRows) await requestServer(app, row, ca, caller);
  });
}

async function sendOperations(app: WebApp): Promise<void> {
  for (const server of graphqlApps[0]?.servers ?? [])
    for (const operation of graphqlCases) await postOperation(app, server, operation, caller);
}

async function talkByWebSocket(app: WebApp): Promise<void> {
  for (const version of ["ws8", "ws7"]) {
    const url = app.url(`${version}-routed`);
    const client = await WebSocketClient.open(`${url}/chat`, { ...caller, "x-user": "ada" });
    await client.request("hello");
    await client.request("login grace");
    client.send("rejects");
    // By its answer the rejection is reported, before the next message sets tags.
    await client.request("hello");
    await client.request("slow a");
    await client.close();
    const refused = [`${url}/elsewhere`, `${app.url(`${version}-bare`)}/refused`];
    for (const target of refused) await WebSocketClient.open(target, caller).catch(() => {});
  }
}

async function talkBySocketIo(app: WebApp): Promise<void> {
  for (const version of ["v4", "v3"]) {
    const client = await SocketClient.open({
      url: app.url(version),
      transport: "websocket",
      headers: caller,
      auth: { user: "ada" },
    });
    await client.request("hello");
    client.send("rejects");
    await client.request("hello");
    await client.request("slow", "a");
    client.close();
  }
}

async function callProcedures(app: WebApp): Promise<void> {
  for (const version of ["v11", "v10"])
    for (const { name, base } of trpcAdapters)
      for (const call of trpcCalls)
        await postCall(`${app.url(`${version}-${name}`)}${base}/${call.path}`, call, caller);
}

function grpcRuns(): LibraryRun[] {
  return oncePerVersion(grpcRows).map((row) => {
    const app = `../../rpc/apps/grpc.${row.moduleSystem === "esm" ? "mjs" : "cjs"}`;
    const methods = grpcCalls
      .filter(({ isNew }) => isNew !== true || row.installed !== "grpc-js10")
      .map(({ method }) => `${method[0]?.toLowerCase()}${method.slice(1)}`);
    return {
      title: titleOf(row),
      rows: [row],
      isSelected: row.installed === "@grpc/grpc-js",
      run: (env) =>
        runApp({ app, node: row.node, args: [row.installed], env }, async (started) => {
          for (const method of methods) {
            const response = await fetch(`${started.url("front")}/${method}`, { headers: caller });
            await response.arrayBuffer();
          }
        }),
    };
  });
}
