import type {
  LogDetail,
  RepeatedCalls,
  SpanDetail,
  UnitDetail,
  UnitSummary,
} from "../../../src/viewer/model.ts";

/* Requests of an invented shop, for the development of the page and tests of its parts. */

const routes: readonly (readonly [method: string, route: string, ms: number])[] = [
  ["GET", "/products", 24],
  ["GET", "/products/:id", 9],
  ["GET", "/orders/:id", 62],
  ["POST", "/orders", 180],
  ["GET", "/customers/:id/orders", 410],
  ["DELETE", "/cart/:id", 14],
];

const START = Date.UTC(2026, 10, 30, 12, 0, 0);

/** Returns the summary number `index`; the same each time. */
export function unitSummary(index: number, changes: Partial<UnitSummary> = {}): UnitSummary {
  const [method, route, ms] = routes[(index * 7) % routes.length] ?? ["GET", "/", 1];
  const failed = index % 23 === 5;
  const nPlusOne = route === "/customers/:id/orders";
  const id = (index + 0x10000000).toString(16);
  const queries = nPlusOne ? 42 : (index % 4) + 1;
  return {
    id,
    traceId: `${id}${"0".repeat(24)}`,
    spanId: `${id}00000000`,
    kind: "request",
    service: "shop",
    run: "run-2",
    name: `${method} ${route}`,
    method,
    route,
    path: route.replace(":id", String(1000 + index)),
    status: failed ? 500 : method === "POST" ? 201 : index % 31 === 3 ? 404 : 200,
    start: START + index * 731,
    durationMs: ms * (0.6 + ((index * 13) % 17) / 10),
    failed,
    counts: {
      spans: queries + 6,
      queries,
      queryMs: ms * 0.5,
      cacheHits: index % 3,
      cacheMisses: index % 2,
      calls: method === "POST" ? 2 : 0,
      callMs: method === "POST" ? 60 : 0,
      logs: (index % 5) + 1,
      errors: failed ? 1 : 0,
      stalls: index % 47 === 11 ? 1 : 0,
    },
    ...(nPlusOne ? { repeated: "error" } : {}),
    nPlusOne,
    noise: false,
    pinned: index % 97 === 2,
    profiles: index % 53 === 4 ? ["p1"] : [],
    ...changes,
  };
}

const place = {
  file: "/home/dev/shop/src/orders/repository.ts",
  line: 48,
  column: 21,
  function: "loadItems",
  shown: "src/orders/repository.ts",
} as const;

const SELECT_ITEM =
  "SELECT i.id, i.sku, i.quantity, p.title FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.order_id = $1 AND i.removed_at IS NULL ORDER BY i.position LIMIT 50";

function span(id: string, changes: Partial<SpanDetail>): SpanDetail {
  return {
    spanId: id,
    service: "shop",
    name: "span",
    kind: "internal",
    offsetMs: 0,
    durationMs: 1,
    selfMs: 1,
    depth: 0,
    failed: false,
    focused: true,
    attributes: {},
    events: [],
    ...changes,
  };
}

/** Returns a request with an N+1 of `count` queries, calls of another service, logs and an error. */
export function unitDetail(summary: UnitSummary, count: number = 40): UnitDetail {
  const root = summary.spanId;
  const whole = summary.durationMs;
  const step = (whole * 0.6) / count;
  const items = Array.from({ length: count }, (_, index) =>
    span(`item${index}`, {
      parentSpanId: "handler",
      name: "SELECT order_items",
      kind: "client",
      offsetMs: whole * 0.12 + index * step,
      durationMs: step * 0.9,
      selfMs: step * 0.9,
      place,
      query: {
        system: "postgresql",
        text: SELECT_ITEM,
        fingerprint: SELECT_ITEM,
        parameters: [{ key: "0", value: String(5000 + index) }],
        rows: 3 + (index % 4),
        operation: "SELECT",
        target: "order_items",
      },
      attributes: { "db.system.name": "postgresql", "server.address": "localhost" },
    }),
  );
  return {
    summary,
    spans: [...frameSpans(root, whole, summary), ...items],
    omittedSpans: 0,
    logs: logLines(root, whole),
    errors: summary.failed ? [orderError(root)] : [],
    repeated: [repeatedItems(items, step)],
    stalls: summary.counts.stalls > 0 ? [stall(whole)] : [],
    profiles: summary.profiles.map((id) => ({
      id,
      kind: "cpu",
      unit: summary.id,
      service: "shop",
      name: summary.name,
      start: summary.start,
      durationMs: whole,
      overlapping: 1,
      samples: 412,
    })),
    requestHeaders: { accept: "application/json", authorization: "[redacted]", host: "localhost" },
    responseHeaders: { "content-type": "application/json", "x-query-count": "42" },
    timing: [
      { what: "queries", ms: whole * 0.64 },
      { what: "cache", ms: whole * 0.03 },
      { what: "calls", ms: whole * 0.14 },
      { what: "code", ms: whole * 0.19 },
    ],
  };
}

function frameSpans(root: string, whole: number, summary: UnitSummary): SpanDetail[] {
  const url = "http://payments:8080/charges";
  return [
    span(root, {
      name: summary.name,
      kind: "server",
      durationMs: whole,
      selfMs: 2,
      failed: summary.failed,
      attributes: {
        "http.request.method": summary.method,
        "http.route": summary.route,
        "url.path": summary.path,
        "user_agent.original": "curl/8.5.0",
      },
    }),
    span("middleware", {
      parentSpanId: root,
      name: "middleware - json",
      focused: false,
      durationMs: whole * 0.02,
    }),
    span("auth", {
      parentSpanId: root,
      name: "middleware - auth",
      focused: false,
      offsetMs: whole * 0.02,
      durationMs: whole * 0.05,
    }),
    span("cache", {
      parentSpanId: "auth",
      name: "GET",
      kind: "client",
      offsetMs: whole * 0.03,
      durationMs: whole * 0.03,
      cache: { operation: "GET", key: "session:8f2a", hit: true },
      query: { system: "redis", text: "GET session:8f2a", fingerprint: "GET ?" },
    }),
    span("handler", {
      parentSpanId: root,
      name: "handler",
      focused: false,
      offsetMs: whole * 0.08,
      durationMs: whole * 0.9,
    }),
    span("call", {
      parentSpanId: "handler",
      name: "POST",
      kind: "client",
      offsetMs: whole * 0.76,
      durationMs: whole * 0.14,
      call: { method: "POST", url, status: 201 },
      place: { ...place, line: 92, function: "charge", shown: "src/orders/payment.ts" },
    }),
    span("payments", {
      parentSpanId: "call",
      service: "payments",
      name: "POST /charges",
      kind: "server",
      offsetMs: whole * 0.77,
      durationMs: whole * 0.12,
    }),
    span("charge", {
      parentSpanId: "payments",
      service: "payments",
      name: "INSERT charges",
      kind: "client",
      offsetMs: whole * 0.79,
      durationMs: whole * 0.08,
      query: {
        system: "postgresql",
        text: "INSERT INTO charges (order_id, cents, currency) VALUES ($1, $2, $3) RETURNING id",
        fingerprint: "INSERT INTO charges (order_id, cents, currency) VALUES (...) RETURNING id",
        parameters: [
          { key: "0", value: "1004" },
          { key: "1", value: "4999" },
          { key: "2", value: "EUR" },
        ],
        rows: 1,
      },
    }),
  ];
}

function repeatedItems(items: readonly SpanDetail[], step: number): RepeatedCalls {
  return {
    kind: "n+1",
    severity: "error",
    source: "sql",
    fingerprint: SELECT_ITEM,
    example: SELECT_ITEM,
    place,
    count: items.length,
    distinct: items.length,
    totalMs: items.length * step * 0.9,
    concurrent: false,
    spanIds: items.map(({ spanId }) => spanId),
    hint: "Load all rows by one query: WHERE i.order_id = ANY($1), or join order_items in the query before",
  };
}

function logLines(root: string, whole: number): LogDetail[] {
  const line = { service: "shop", traceId: "", attributes: { orders: 40 } };
  return [
    {
      ...line,
      time: START,
      offsetMs: whole * 0.1,
      level: "info",
      severity: 9,
      message: "loading orders of customer 1004",
      spanId: root,
    },
    {
      ...line,
      time: START + 4,
      offsetMs: whole * 0.75,
      level: "warn",
      severity: 13,
      message: "payment is slow, trying again",
      spanId: "call",
    },
  ];
}

function orderError(root: string): UnitDetail["errors"][number] {
  return {
    type: "TypeError",
    message: "Cannot read properties of undefined (reading 'cents')",
    stack: `TypeError: Cannot read properties of undefined (reading 'cents')
    at totalOf (/home/dev/shop/src/orders/total.ts:17:28)
    at createOrder (/home/dev/shop/src/orders/create.ts:41:19)`,
    spanId: root,
    frames: [
      {
        file: "/home/dev/shop/src/orders/total.ts",
        line: 17,
        function: "totalOf",
        shown: "src/orders/total.ts",
      },
      {
        file: "/home/dev/shop/src/orders/create.ts",
        line: 41,
        function: "createOrder",
        shown: "src/orders/create.ts",
      },
    ],
    source: {
      place: { file: "/home/dev/shop/src/orders/total.ts", line: 17, shown: "src/orders/total.ts" },
      firstLine: 14,
      lines: [
        "export function totalOf(order: Order): number {",
        "  let cents = 0;",
        "  for (const item of order.items) {",
        "    cents += item.product.cents * item.quantity;",
        "  }",
        "  return cents;",
        "}",
      ],
    },
  };
}

function stall(whole: number): UnitDetail["stalls"][number] {
  return {
    spanId: "handler",
    offsetMs: whole * 0.9,
    durationMs: whole * 0.08,
    stack: "renderPdf (/home/dev/shop/src/orders/pdf.ts:12:9)",
    place: {
      file: "/home/dev/shop/src/orders/pdf.ts",
      line: 12,
      function: "renderPdf",
      shown: "src/orders/pdf.ts",
    },
  };
}
