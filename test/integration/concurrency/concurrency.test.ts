import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/receiver/received.ts";
import { type Receiver, startReceiver } from "../../../src/receiver/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryTo } from "../program.ts";
import { startStock, type Stock } from "../stock.ts";

const REQUESTS = 100;
const tenants: readonly number[] = Array.from({ length: REQUESTS }, (_, at) => at);

for (const framework of ["express", "fastify"]) {
  for (const { name, path } of nodes) {
    describe(`${REQUESTS} requests at once, ${framework}, Node ${name}`, () => {
      let receiver: Receiver;
      let stock: Stock;
      let lines: readonly Readonly<Record<string, unknown>>[];

      before(async () => {
        [receiver, stock] = await Promise.all([startReceiver(), startStock()]);
        const program = new Program({
          file: fileURLToPath(new URL(`apps/${framework}.mjs`, import.meta.url)),
          node: path,
          flags: preload.import,
          env: {
            ...telemetryTo(receiver),
            NODE_ENV: "test",
            REQUESTS: String(REQUESTS),
            STOCK_URL: stock.url,
          },
        });
        try {
          const port = await program.says((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
          await askAll(`http://127.0.0.1:${port}`);
          program.kill("SIGTERM");
          const { stdout } = await program.ended;
          lines = linesIn(stdout);
          await receiver.waitFor(
            ({ spans, events }) => spans.length >= 2 * REQUESTS && events.length >= REQUESTS,
          );
        } finally {
          program.kill("SIGKILL");
          await program.ended;
        }
      });
      after(() => Promise.all([receiver.close(), stock.close()]));

      it("each has a span in its caller's trace, and a call below it", () => {
        for (const tenant of tenants) {
          const server = serverSpan(receiver, tenant);
          assert.equal(server.traceId, traceIdOf(tenant));
          assert.equal(server.attributes["telltale.request.id"], requestIdOf(tenant));
          const calls = receiver.spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
          assert.equal(calls.length, 1);
          const [call = assert.fail()] = calls;
          assert.equal(call.attributes["url.full"], `${stock.url}/${tenant}`);
          const { headers } = stock.asked.find((asked) => asked.path === `/${tenant}`) ?? {};
          assert.equal(headers?.["traceparent"], `00-${traceIdOf(tenant)}-${call.spanId}-01`);
        }
        assert.equal(receiver.spans.length, 2 * REQUESTS);
      });

      it("each line has the ids of its own request", () => {
        assert.equal(lines.length, 3 * REQUESTS);
        for (const { tenant, message, level: _, ...ids } of lines) {
          const at = Number(tenant);
          const expected = {
            trace_id: traceIdOf(at),
            span_id: serverSpan(receiver, at).spanId,
            trace_flags: "01",
            request_id: requestIdOf(at),
            user_id: `user-${at}`,
          };
          assert.deepEqual(ids, expected, String(message));
        }
      });

      it("each event has the ids, the user, the tags and the breadcrumbs of its own request", () => {
        assert.equal(receiver.events.length, REQUESTS);
        for (const tenant of tenants) {
          const event = eventOf(receiver, tenant);
          const { trace_id: traceId, span_id: spanId } = event.contexts?.["trace"] ?? {};
          assert.equal(traceId, traceIdOf(tenant));
          assert.equal(spanId, serverSpan(receiver, tenant).spanId);
          assert.deepEqual(event.user, { id: `user-${tenant}` });
          assert.deepEqual(event.tags, {
            request_id: requestIdOf(tenant),
            tenant: String(tenant),
            own: String(tenant),
          });
          assert.deepEqual(
            event.breadcrumbs?.map(({ message }) => message),
            [`tenant ${tenant} came`, `tenant ${tenant} goes`],
          );
        }
      });
    });
  }
}

async function askAll(url: string): Promise<void> {
  await Promise.all(
    tenants.map(async (tenant) => {
      const response = await fetch(`${url}/tenants/${tenant}`, {
        method: "POST",
        headers: {
          traceparent: `00-${traceIdOf(tenant)}-00f067aa0ba902b7-01`,
          "x-request-id": requestIdOf(tenant),
        },
      });
      await response.arrayBuffer();
      assert.equal(response.status, 500);
      assert.equal(response.headers.get("x-request-id"), requestIdOf(tenant));
    }),
  );
}

function traceIdOf(tenant: number): string {
  return (tenant + 1).toString(16).padStart(32, "a");
}

function requestIdOf(tenant: number): string {
  return `request-${tenant}`;
}

function serverSpan({ spans }: Receiver, tenant: number): ReceivedSpan {
  const path = `/tenants/${tenant}`;
  const found = spans.filter(({ attributes }) => attributes["url.path"] === path);
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

function eventOf({ events }: Receiver, tenant: number): ReceivedEvent {
  const message = `tenant ${tenant}`;
  const found = events.filter(({ exception }) => exception?.values?.[0]?.value === message);
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

function linesIn(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
