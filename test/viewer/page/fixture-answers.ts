import type {
  Comparison,
  FlameNode,
  LogDetail,
  MetricSeries,
  Page,
  ProfileDetail,
  RouteSummary,
  Run,
  UnitSummary,
  ViewerStatus,
} from "../../../src/viewer/model.ts";

/** Returns the answer of a path, apart from requests and events. */
export function fixtureAnswers(path: string, units: readonly UnitSummary[]): unknown {
  if (path.startsWith("/api/profiles/")) return profile;
  const answers: Readonly<Record<string, unknown>> = {
    "/api/status": status,
    "/api/routes": routesOf(units),
    "/api/runs": runs,
    "/api/logs": logs,
    "/api/metrics": metrics(),
    "/api/compare": comparison,
  };
  return answers[path];
}

const status: ViewerStatus = {
  version: "0.1.0",
  project: "/home/dev/shop",
  services: ["shop", "payments"],
  history: { path: "/home/dev/shop/.telltale/history.db", bytes: 4_200_000, units: 300 },
  editor: true,
};

const START = Date.UTC(2026, 10, 30, 12, 0, 0);

const runs: readonly Run[] = [
  {
    id: "run-2",
    service: "shop",
    start: START,
    commit: "4f2a91c07b",
    branch: "batch-items",
    dirty: true,
    nodeVersion: "26.1.0",
    pid: 4012,
    requests: 300,
  },
  {
    id: "run-1",
    service: "shop",
    start: START - 3_600_000,
    commit: "9d01e44aa2",
    branch: "main",
    dirty: false,
    nodeVersion: "26.1.0",
    pid: 3110,
    baseline: "main",
    requests: 1204,
  },
];

function routesOf(units: readonly UnitSummary[]): RouteSummary[] {
  const groups = Map.groupBy(units, ({ name }) => name);
  return [...groups].map(([name, all]) => {
    const sorted = all.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
    return {
      name,
      kind: "request",
      service: "shop",
      count: all.length,
      failed: all.filter(({ failed }) => failed).length,
      p50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
      p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
      maxMs: sorted.at(-1) ?? 0,
      queries: all.reduce((sum, { counts }) => sum + counts.queries, 0) / all.length,
      queryMs: all.reduce((sum, { counts }) => sum + counts.queryMs, 0) / all.length,
      nPlusOne: all.filter(({ nPlusOne }) => nPlusOne).length,
      lastStart: all.at(-1)?.start ?? 0,
    };
  });
}

const logs: Page<LogDetail> = {
  items: Array.from({ length: 200 }, (_, index) => ({
    time: START + index * 90,
    service: index % 7 === 0 ? "payments" : "shop",
    level: index % 11 === 0 ? "error" : index % 5 === 0 ? "warn" : "info",
    severity: index % 11 === 0 ? 17 : index % 5 === 0 ? 13 : 9,
    message: `order ${1000 + index} ${index % 11 === 0 ? "failed: no stock" : "was created"}`,
    logger: "orders",
    traceId: `${(index + 0x10000000).toString(16)}${"0".repeat(24)}`,
    attributes: { "order.id": 1000 + index },
  })),
  total: 200,
};

function metrics(): MetricSeries[] {
  const series = (name: string, unit: string, base: number, attributes = {}): MetricSeries => ({
    name,
    unit,
    description: `The ${name} of the process`,
    service: "shop",
    attributes,
    points: Array.from({ length: 60 }, (_, index) => ({
      time: START + index * 5_000,
      value: base * (1 + 0.3 * Math.sin(index / 5) + 0.1 * Math.cos(index * 1.7)),
    })),
  });
  return [
    series("nodejs.eventloop.delay.p99", "s", 0.012),
    series("v8js.memory.heap.used", "By", 62_000_000, { "v8js.heap.space.name": "new_space" }),
    series("v8js.memory.heap.used", "By", 42_000_000, { "v8js.heap.space.name": "old_space" }),
    series("nodejs.eventloop.utilization", "1", 0.21),
    series("http.server.active_requests", "{request}", 4),
    series("process.cpu.utilization", "1", 0.18),
  ];
}

const figure = (
  before: number,
  after: number,
): { before: number; after: number; ratio?: number } => ({
  before,
  after,
  ...(before === 0 ? {} : { ratio: (after - before) / before }),
});

const comparison: Comparison = {
  before: { kind: "run", id: "run-1", label: "main 9d01e44a", count: 1204 },
  after: { kind: "run", id: "run-2", label: "batch-items 4f2a91c0 + changes", count: 300 },
  routes: [
    {
      name: "GET /customers/:id/orders",
      change: "faster",
      countBefore: 200,
      countAfter: 50,
      p50: figure(410, 96),
      p95: figure(720, 140),
      queries: figure(42, 3),
      queryMs: figure(260, 31),
      errors: figure(0, 0),
      queryChanges: [
        {
          change: "gone",
          fingerprint: "SELECT * FROM order_items WHERE order_id = ?",
          example: "SELECT * FROM order_items WHERE order_id = $1",
          perUnitBefore: 40,
          perUnitAfter: 0,
          msBefore: 240,
          msAfter: 0,
        },
        {
          change: "new",
          fingerprint: "SELECT * FROM order_items WHERE order_id = ANY(?)",
          example: "SELECT * FROM order_items WHERE order_id = ANY($1)",
          perUnitBefore: 0,
          perUnitAfter: 1,
          msBefore: 0,
          msAfter: 14,
        },
      ],
    },
    {
      name: "POST /orders",
      change: "slower",
      countBefore: 120,
      countAfter: 40,
      p50: figure(160, 210),
      p95: figure(240, 420),
      queries: figure(4, 6),
      queryMs: figure(40, 88),
      errors: figure(0, 0.05),
      queryChanges: [],
    },
  ],
};

function node(
  name: string,
  value: number,
  children: readonly FlameNode[],
  from?: string,
): FlameNode {
  const inner = children.reduce((sum, child) => sum + child.value, 0);
  return {
    name,
    value,
    self: value - inner,
    children,
    ...(from === undefined
      ? { place: { file: `/home/dev/shop/src/${name}.ts`, line: 12, shown: `src/${name}.ts` } }
      : { package: from }),
  };
}

const flame = node(
  "(root)",
  412,
  [
    node("handle", 300, [
      node("loadOrders", 180, [
        node("query", 120, [node("parseRow", 90, [], "pg")], "pg"),
        node("toOrder", 40, []),
      ]),
      node("renderPdf", 90, [node("deflate", 60, [], "node")]),
    ]),
    node("(garbage collector)", 40, [], "node"),
    node("processTicks", 50, [node("write", 30, [], "node")], "node"),
  ],
  "node",
);

const profile: ProfileDetail = {
  summary: {
    id: "p1",
    kind: "cpu",
    unit: "10000004",
    service: "shop",
    name: "GET /customers/:id/orders",
    start: START,
    durationMs: 412,
    overlapping: 1,
    samples: 412,
  },
  root: flame,
  hot: [
    { name: "parseRow", package: "pg", self: 90, total: 90 },
    { name: "deflate", package: "node", self: 60, total: 60 },
    {
      name: "toOrder",
      self: 40,
      total: 40,
      place: { file: "/home/dev/shop/src/toOrder.ts", line: 12, shown: "src/toOrder.ts" },
    },
  ],
  byPackage: [
    { name: "pg", self: 120 },
    { name: "node", self: 160 },
    { name: "the app", self: 132 },
  ],
  byFile: [{ name: "src/toOrder.ts", self: 40 }],
};
