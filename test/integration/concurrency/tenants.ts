import assert from "node:assert/strict";
import type {
  ReceivedBreadcrumb,
  ReceivedEvent,
  ReceivedSpan,
} from "../../../src/testing/received.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { StockRequest } from "../stock.ts";

/** Number of concurrent requests. */
export const TENANT_COUNT = 100;

const tenants: readonly number[] = Array.from({ length: TENANT_COUNT }, (_, at) => at);

/** Telemetry of those requests only. */
export interface TenantTelemetry {
  readonly spans: readonly ReceivedSpan[];
  readonly events: readonly ReceivedEvent[];
  /** Log lines of the app. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly stockUrl: string;
  readonly stockRequests: readonly StockRequest[];
}

/** Requests `url/tenants/…` for all tenants at once, each in its own trace; all must fail with 500. */
export async function requestAllTenants(url: string): Promise<void> {
  await Promise.all(
    tenants.map(async (tenant) => {
      const response = await fetch(`${url}/tenants/${tenant}`, {
        method: "POST",
        signal: AbortSignal.timeout(WAIT_TIMEOUT_MS),
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

/** Checks that no telemetry of one request has data of another. */
export const isolationChecks: readonly {
  readonly title: string;
  check(telemetry: TenantTelemetry): void;
}[] = [
  {
    title: "have one span each in the caller's trace, and a call below it",
    check({ spans, stockUrl, stockRequests }) {
      for (const tenant of tenants) {
        const server = serverSpan(spans, tenant);
        assert.equal(server.traceId, traceIdOf(tenant));
        assert.equal(server.attributes["telltale.request.id"], requestIdOf(tenant));
        const calls = spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
        assert.equal(calls.length, 1);
        const [call = assert.fail()] = calls;
        assert.equal(call.attributes["url.full"], `${stockUrl}/${tenant}`);
        const { headers } = stockRequests.find(({ path }) => path === `/${tenant}`) ?? {};
        assert.equal(headers?.["traceparent"], `00-${traceIdOf(tenant)}-${call.spanId}-01`);
      }
      assert.equal(spans.length, 2 * TENANT_COUNT);
    },
  },
  {
    title: "have the ids of the right request on each log line",
    check({ spans, lines }) {
      assert.equal(lines.length, 3 * TENANT_COUNT);
      for (const { tenant, message, level: _, ...ids } of lines) {
        const at = Number(tenant);
        const expected = {
          trace_id: traceIdOf(at),
          span_id: serverSpan(spans, at).spanId,
          trace_flags: "01",
          request_id: requestIdOf(at),
          user_id: `user-${at}`,
          organization_id: `organization-${at}`,
        };
        assert.deepEqual(ids, expected, String(message));
      }
    },
  },
  {
    title: "have the data of the right request on each event, and its id on the span",
    check({ spans, events, stockUrl }) {
      assert.equal(events.length, TENANT_COUNT);
      for (const tenant of tenants) {
        const event = eventOf(events, tenant);
        const { trace_id: traceId, span_id: spanId } = event.contexts?.["trace"] ?? {};
        assert.equal(traceId, traceIdOf(tenant));
        assert.equal(spanId, serverSpan(spans, tenant).spanId);
        assert.deepEqual(event.user, { id: `user-${tenant}` });
        assert.deepEqual(event.tags, {
          request_id: requestIdOf(tenant),
          organization_id: `organization-${tenant}`,
          tenant: String(tenant),
          region: `region-${tenant}`,
          own: String(tenant),
        });
        assert.deepEqual(event.extra, { part: String(tenant), before: "no event" });
        assert.equal(serverSpan(spans, tenant).attributes["sentry.event_id"], event.event_id);
        assert.deepEqual(event.breadcrumbs?.map(summarizeBreadcrumb), [
          `tenant ${tenant} began`,
          `began: ${tenant}`,
          `continues: ${tenant}`,
          `call: ${stockUrl}/${tenant}`,
          `tenant ${tenant} ends`,
          `ends: ${tenant}`,
        ]);
      }
    },
  },
];

/** Message of a breadcrumb, with the tenant of a log line or the URL of a call. */
function summarizeBreadcrumb({ message = "call", data }: ReceivedBreadcrumb): string {
  const { tenant, url = tenant } = (data ?? {}) as Readonly<Record<string, string | undefined>>;
  return url === undefined ? message : `${message}: ${url}`;
}

/** Whether a span belongs to one of those requests. */
export function isTenantTrace({ traceId }: { readonly traceId: string }): boolean {
  return traceId.startsWith("a".repeat(29));
}

function traceIdOf(tenant: number): string {
  return (tenant + 1).toString(16).padStart(32, "a");
}

function requestIdOf(tenant: number): string {
  return `request-${tenant}`;
}

function serverSpan(spans: readonly ReceivedSpan[], tenant: number): ReceivedSpan {
  const found = spans.filter(({ attributes }) => {
    const path = attributes["url.path"];
    return typeof path === "string" && path.endsWith(`/tenants/${tenant}`);
  });
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

function eventOf(events: readonly ReceivedEvent[], tenant: number): ReceivedEvent {
  const message = `tenant ${tenant}`;
  const found = events.filter(({ exception }) => exception?.values?.[0]?.value === message);
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}
