import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { WebApp } from "./app.ts";
import { type GraphqlCase, graphqlCases, postOperation } from "./graphql-cases.ts";
import { graphqlApps, type GraphqlServer } from "./rows.ts";
import { describeConcurrentRequests } from "./tenants.ts";

const env = { NODE_ENV: "production" };

for (const { app: file, node, servers } of graphqlApps) {
  describe(`A GraphQL server (${file}, Node ${node})`, () => {
    let receiver: Receiver;
    let app: WebApp;

    before(async () => {
      receiver = await startReceiver();
      app = await WebApp.start({ app: file, node, receiver, env });
    });
    after(() => Promise.all([app.stop(), receiver.close()]));

    for (const server of servers) {
      for (const operation of graphqlCases) {
        it(`by ${server} records ${operation.title}`, async () => {
          receiver.clear();
          const status = await postOperation(app, server, operation);
          const span = await serverSpan(receiver);
          assert.deepEqual(seenOf(span), expectedOf(operation, server, status));
          await eventsAre(receiver, operation, span);
        });
      }
    }
  });

  for (const server of servers) {
    describeConcurrentRequests({
      title: `GraphQL by ${server}, ${file}, Node ${node}`,
      app: () => ({ app: file, node, env }),
      sendRequests: async (app, tenants) => {
        await Promise.all(
          tenants.map(async ({ number, headers }) => {
            const query = `query Tenant { tenant(number: ${number}) }`;
            assert.equal(await postOperation(app, server, { query }, headers), 200);
          }),
        );
      },
    });
  }
}

describe("Spans of GraphQL's steps", () => {
  it("are exported with OTEL_INSTRUMENTATION_GRAPHQL_SPANS", async () => {
    const receiver = await startReceiver();
    const app = await WebApp.start({
      app: "graphql.mjs",
      node: "26",
      receiver,
      env: { ...env, OTEL_INSTRUMENTATION_GRAPHQL_SPANS: "true" },
    });
    try {
      await postOperation(app, "apollo", { query: "query Greet { hello }" });
      const { traceId } = await serverSpan(receiver);
      const steps = await receiver.waitFor(({ spans }) => {
        const found = spans.filter((span) => span.kind === "INTERNAL" && span.traceId === traceId);
        return found.length >= 4 && found;
      }, "four steps");
      assert.deepEqual(steps.map(({ name }) => name).toSorted(), [
        "graphql.parse",
        "graphql.resolve hello",
        "graphql.validate",
        "query Greet",
      ]);
    } finally {
      await Promise.all([app.stop(), receiver.close()]);
    }
  });
});

async function serverSpan(receiver: Receiver): Promise<ReceivedSpan> {
  await receiver.waitFor(({ spans }) => spans.some(({ kind }) => kind === "SERVER"));
  const found = receiver.spans.filter(({ kind }) => kind === "SERVER");
  assert.equal(found.length, 1, `${found.length} server spans`);
  return found[0] ?? assert.fail();
}

function seenOf({ name, attributes, status, events }: ReceivedSpan): object {
  return {
    name,
    status: attributes["http.response.status_code"],
    operation: attributes["graphql.operation.name"],
    type: attributes["graphql.operation.type"],
    document: attributes["graphql.document"],
    failed: status.code === "ERROR",
    exceptions: events.map((event) => event.attributes["exception.message"]),
  };
}

function expectedOf(
  { type, name, document, failures = [] }: GraphqlCase,
  server: GraphqlServer,
  status: number,
): object {
  const route = server === "express" && type !== undefined ? "POST /graphql" : undefined;
  return {
    name: route ?? type ?? "POST",
    status,
    operation: name,
    type,
    document,
    failed: failures.length > 0,
    exceptions: failures,
  };
}

/**
 * Waits for the events, which arrive with the span or later, never before the response. They are
 * sent one by one, so they may arrive in any order.
 */
async function eventsAre(
  receiver: Receiver,
  { failures = [] }: GraphqlCase,
  { traceId, spanId }: ReceivedSpan,
): Promise<void> {
  await receiver.waitFor(({ events }) => events.length >= failures.length);
  const found = receiver.events.map(({ exception, contexts }) => {
    const { trace_id: trace, span_id: span } = contexts?.["trace"] ?? {};
    return JSON.stringify([exception?.values?.at(-1)?.value, trace, span]);
  });
  const expected = failures.map((failure) => JSON.stringify([failure, traceId, spanId]));
  assert.deepEqual(found.toSorted(), expected.toSorted());
}
