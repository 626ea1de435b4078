import { programOrSkip } from "../../programs.ts";
import { type Check, type Counter, type Gauge, type Level, type Phase, replay } from "./replay.ts";
import { ruleFileOf } from "./rule-file.ts";

const HOUR = 60;
const DAY = 24 * HOUR;

const availability = ["--objective", "99.9", "--service", "shop"];
const latency = [...availability, "--latency", "250ms"];

/** Requests with a status. */
function requests(status: number, phases: readonly Phase[], more: Labels = {}): Counter {
  return {
    name: "http_server_request_duration_seconds_count",
    labels: {
      ...{ job: "shop", instance: "a:9464", http_request_method: "GET", http_route: "/orders" },
      http_response_status_code: `${status}`,
      ...more,
    },
    phases,
  };
}

/** Requests up to a limit. */
function bucket(le: string, phases: readonly Phase[]): Counter {
  const name = "http_server_request_duration_seconds_bucket";
  return { ...requests(200, phases, { le }), name };
}

type Labels = Readonly<Record<string, string>>;

/** The alerts that fire at a time, with the names of their objectives. */
function firing(at: number, alerts: Readonly<Record<string, string>>): Check {
  return {
    at,
    expr: 'count by (alertname, sloth_slo) (ALERTS{alertstate="firing"})',
    samples: Object.fromEntries(
      Object.entries(alerts).map(([name, slo]) => [`{alertname="${name}",sloth_slo="${slo}"}`, 1]),
    ),
  };
}

/** Whether no alert fires at any time until `at`. */
function silent(at: number): Check {
  return { at, expr: 'count_over_time(ALERTS{alertstate="firing"}[30d])', samples: {} };
}

/** Whether no request for a page fires at any time until `at`. */
function unpaged(at: number): Check {
  return { at, expr: 'count_over_time(ALERTS{severity="page"}[30d])', samples: {} };
}

function value(at: number, expr: string, result: number | undefined): Check {
  return { at, expr, samples: result === undefined ? {} : { "{}": result } };
}

const paged = { SLOBurnsFast: "requests-availability" };
const ticketed = { SLOBurnsSlowly: "requests-availability" };
const both = { ...paged, ...ticketed };
const BUDGET_LEFT = "sum(slo:period_error_budget_remaining:ratio)";

interface Row {
  readonly title: string;
  readonly args?: readonly string[];
  /** A file of objectives instead. */
  readonly file?: string;
  readonly counters: readonly (Counter | Gauge)[];
  readonly checks: readonly Check[];
}

/** With 10,000 requests a minute, 10 failures a minute use the budget up in 30 days. */
function burning(factor: number, minutes: number, clean = 0): Counter[] {
  const before = (each: number): Phase[] => (clean === 0 ? [] : [[clean, each]]);
  return [
    requests(200, [...before(10_000), [minutes, 10_000 - factor * 10]]),
    requests(500, [...before(0), [minutes, factor * 10]]),
  ];
}

const rows: readonly Row[] = [
  {
    title: "14.4 times the budget's rate pages after an hour, not before",
    counters: burning(14.4, 90, 6 * HOUR),
    checks: [unpaged(6 * HOUR + 45), firing(6 * HOUR + 70, both)],
  },
  {
    title: "14.4 times the rate without a history pages within minutes",
    counters: burning(14.4, 30),
    checks: [firing(10, both)],
  },
  {
    title: "a whole outage pages within 5 minutes",
    counters: [
      requests(200, [
        [3 * HOUR, 100],
        [30, 0],
      ]),
      requests(503, [
        [3 * HOUR, 0],
        [30, 100],
      ]),
    ],
    checks: [silent(3 * HOUR - 1), firing(3 * HOUR + 5, both)],
  },
  {
    title: "the page ends within 40 minutes after a short outage",
    counters: [
      requests(200, [
        [3 * HOUR, 100],
        [3, 0],
        [HOUR, 100],
      ]),
      requests(503, [
        [3 * HOUR, 0],
        [3, 100],
        [HOUR, 0],
      ]),
    ],
    checks: [firing(3 * HOUR + 5, both), firing(3 * HOUR + 43, ticketed)],
  },
  {
    title: "7 times the rate pages within six hours, by the second pair of windows",
    counters: burning(7, 7 * HOUR, 6 * HOUR),
    checks: [unpaged(8 * HOUR), firing(12 * HOUR, both)],
  },
  {
    title: "4 times the rate never pages, and is a ticket within a day",
    counters: burning(4, 20 * HOUR, 6 * HOUR),
    checks: [silent(6 * HOUR), unpaged(26 * HOUR), firing(26 * HOUR, ticketed)],
  },
  {
    title: "1.1 times the rate is a ticket, and no page",
    counters: burning(1.1, 8 * HOUR),
    checks: [unpaged(8 * HOUR), firing(8 * HOUR, ticketed)],
  },
  {
    title: "0.9 times the rate never fires",
    counters: burning(0.9, DAY),
    checks: [silent(DAY), value(DAY, "round(sum(slo:period_burn_rate:ratio), 0.001)", 0.9)],
  },
  {
    title: "restarts, which reset counters, never fire",
    counters: [
      requests(200, [
        [HOUR, 100],
        [HOUR, 100, "reset"],
        [10, 100, "reset"],
        [HOUR, 100, "reset"],
      ]),
      requests(500, [
        [HOUR, 0.05],
        [HOUR, 0.05, "reset"],
        [10, 0.05, "reset"],
        [HOUR, 0.05, "reset"],
      ]),
    ],
    checks: [silent(190), value(190, "round(sum(slo:period_burn_rate:ratio), 0.1)", 0.5)],
  },
  {
    title: "a gap in the scrapes never fires, nor changes the ratio",
    counters: [
      requests(200, [
        [2 * HOUR, 100],
        [40, 100, "gap"],
        [2 * HOUR, 100],
      ]),
      requests(500, [
        [2 * HOUR, 0.05],
        [40, 0.05, "gap"],
        [2 * HOUR, 0.05],
      ]),
    ],
    checks: [
      silent(280),
      value(150, "sum(slo:sli_error:ratio_rate5m)", undefined),
      value(280, "round(sum(slo:period_burn_rate:ratio), 0.1)", 0.5),
    ],
  },
  {
    title: "one failed request of three never fires",
    counters: [
      requests(200, [
        [10, 0],
        [1, 2],
        [DAY, 0],
      ]),
      requests(500, [
        [10, 0],
        [1, 1],
        [DAY, 0],
      ]),
    ],
    checks: [silent(DAY), value(12, "round(sum(slo:sli_error:ratio_rate5m), 0.01)", 0.33)],
  },
  {
    title: "two failed requests of many never fire, however small the budget",
    args: [...availability.slice(2), "--objective", "99.999"],
    counters: [
      requests(200, [[8 * HOUR, 10]]),
      requests(500, [
        [2 * HOUR, 0],
        [1, 2],
        [6 * HOUR, 0],
      ]),
    ],
    checks: [silent(8 * HOUR)],
  },
  {
    title: "nineteen failed requests within an hour do not page, and thirty do",
    counters: [
      requests(500, [
        [10, 0],
        [19, 1],
        [2 * HOUR, 0],
        [30, 1],
      ]),
    ],
    checks: [silent(30), firing(178, both)],
  },
  {
    title: "one failed request fires if one is enough",
    args: [...availability, "--min-events", "1"],
    counters: [
      requests(500, [
        [10, 0],
        [1, 1],
        [20, 0],
      ]),
    ],
    checks: [firing(20, both)],
  },
  {
    title: "no traffic never fires, and has no ratio",
    counters: [requests(200, [[DAY, 0]]), requests(500, [[DAY, 0]])],
    checks: [
      silent(DAY),
      value(DAY, "sum(slo:sli_error:ratio_rate5m)", undefined),
      value(DAY, "sum(slo:objective:ratio)", 0.999),
    ],
  },
  {
    title: "no series at all never fires",
    counters: [],
    checks: [silent(DAY), value(DAY, BUDGET_LEFT, undefined)],
  },
  {
    title: "no series of failures is no failure, and the whole budget left",
    counters: [requests(200, [[HOUR, 100]])],
    checks: [
      silent(HOUR),
      value(HOUR, "sum(slo:sli_error:ratio_rate5m)", 0),
      value(HOUR, BUDGET_LEFT, 1),
    ],
  },
  {
    title: "a series of failures that begins with the outage pages",
    counters: [
      requests(200, [
        [2 * HOUR, 100],
        [20, 0],
      ]),
      requests(500, [
        [2 * HOUR, 0, "gap"],
        [20, 100],
      ]),
    ],
    checks: [firing(2 * HOUR + 5, both)],
  },
  {
    title: "the ratio of a period has each request in it with the same weight",
    counters: [
      requests(200, [
        [2 * HOUR, 990],
        [2 * HOUR, 9],
      ]),
      requests(500, [
        [2 * HOUR, 10],
        [2 * HOUR, 1],
      ]),
    ],
    checks: [value(4 * HOUR, "round(sum(slo:sli_error:ratio_rate30d) * 1000, 0.1)", 10.9)],
  },
  {
    title: "status 4xx is no failure",
    counters: [requests(404, [[HOUR, 100]]), requests(200, [[HOUR, 1]])],
    checks: [silent(HOUR), value(HOUR, BUDGET_LEFT, 1)],
  },
  {
    title: "other services do not count, one in a namespace has its own budget",
    counters: [
      requests(500, [[HOUR, 100]], { job: "shops" }),
      requests(500, [[HOUR, 100]], { job: "test/shop" }),
      requests(200, [[HOUR, 100]]),
    ],
    checks: [
      {
        at: HOUR,
        expr: 'sum by (job) (ALERTS{severity="page"})',
        samples: { '{job="test/shop"}': 1 },
      },
    ],
  },
  {
    title: "each route has its own budget",
    args: [...availability, "--route", "/orders", "--route", "/users/:id"],
    counters: [
      requests(200, [[HOUR, 10_000]]),
      requests(200, [[HOUR, 10]], { http_route: "/users/:id" }),
      requests(500, [[HOUR, 10]], { http_route: "/users/:id" }),
      requests(500, [[HOUR, 10]], { http_route: "/users/xid" }),
    ],
    checks: [
      {
        at: HOUR,
        expr: 'sum by (http_route) (ALERTS{severity="page"})',
        samples: { '{http_route="/users/:id"}': 1 },
      },
    ],
  },
  {
    title: "with --by-route every route has its own budget, and requests without one have none",
    args: ["--objective", "99.9", "--by-route"],
    counters: [
      requests(200, [[HOUR, 10_000]]),
      requests(500, [[HOUR, 10]], { http_route: String.raw`/a\\\"b` }),
      requests(500, [[HOUR, 10]], { http_route: "" }),
    ],
    checks: [
      {
        at: HOUR,
        expr: 'sum by (http_route) (ALERTS{severity="page"})',
        samples: { [String.raw`{http_route="/a\\\"b"}`]: 1 },
      },
    ],
  },
  {
    title: "slow requests page by the objective of latency",
    args: latency,
    counters: [requests(200, [[HOUR, 100]]), bucket("0.25", [[HOUR, 90]])],
    checks: [
      firing(HOUR, { SLOBurnsFast: "requests-latency", SLOBurnsSlowly: "requests-latency" }),
      value(HOUR, "round(sum(slo:sli_error:ratio_rate1h), 0.001)", 0.1),
    ],
  },
  {
    title: "fast requests never fire, and slow errors count once",
    args: latency,
    counters: [
      requests(200, [[HOUR, 100]]),
      bucket("0.25", [[HOUR, 100]]),
      requests(504, [[HOUR, 100]]),
    ],
    checks: [firing(HOUR, both)],
  },
  {
    title: "a missing bucket is a ticket",
    args: latency,
    counters: [requests(200, [[HOUR, 100]]), bucket("0.3", [[HOUR, 100]])],
    checks: [firing(10, {}), firing(30, { SLOBucketIsMissing: "requests-latency" })],
  },
  ...["1", "1.0"].map((le) => ({
    title: `a bucket of whole seconds is found as le="${le}"`,
    args: [...availability, "--latency", "1s"],
    counters: [requests(200, [[HOUR, 100]]), bucket(le, [[HOUR, 90]])],
    checks: [value(HOUR, "round(sum(slo:sli_error:ratio_rate1h), 0.001)", 0.1)],
  })),
  {
    title: "an objective of 90% leaves out rates that can't be reached, and pages",
    args: [...availability.slice(2), "--objective", "90"],
    counters: [requests(500, [[HOUR, 10]])],
    checks: [firing(HOUR, both)],
  },
];

/** An objective of Sloth for orders, whose labels an alert has. */
function slothFile(sli: string): string {
  return `version: prometheus/v1
service: shop
labels: { owner: web }
slos:
  - name: orders
    objective: 99.9
    sli: ${sli}
    alerting: { name: OrdersFail, page_alert: { labels: { severity: wake } } }
`;
}

function eventsBy(name: string): string {
  return `{ events: { error_query: 'sum(${name}(failed_total[{{.window}}]))', total_query: 'sum(${name}(orders_total[{{.window}}]))' } }`;
}

const RATIO =
  "{ raw: { error_ratio_query: 'sum(rate(failed_total[{{.window}}])) / sum(rate(orders_total[{{.window}}]))' } }";

function orders(phases: readonly Phase[], failed: readonly Phase[]): Counter[] {
  return [
    { name: "orders_total", labels: { job: "shop" }, phases },
    { name: "failed_total", labels: { job: "shop" }, phases: failed },
  ];
}

/** The alerts of an objective of Sloth that fire, by their severity. */
function ordersFiring(at: number, severities: readonly string[]): Check {
  return {
    at,
    expr: 'count by (severity, owner) (ALERTS{alertname="OrdersFail",sloth_id="shop-orders"})',
    samples: Object.fromEntries(
      severities.map((severity) => [`{owner="web",severity="${severity}"}`, 1]),
    ),
  };
}

const slothRows: readonly Row[] = [
  ...["rate", "increase"].flatMap((name) => [
    {
      title: `an objective of Sloth by ${name} pages, with its name and labels`,
      file: slothFile(eventsBy(name)),
      counters: orders([[HOUR, 100]], [[HOUR, 2]]),
      checks: [ordersFiring(HOUR, ["wake", "ticket"])],
    },
    {
      title: `one failed event of three never fires, by ${name}`,
      file: slothFile(eventsBy(name)),
      counters: orders(
        [
          [10, 0],
          [1, 3],
          [8 * HOUR, 0],
        ],
        [
          [10, 0],
          [1, 1],
          [8 * HOUR, 0],
        ],
      ),
      checks: [
        silent(8 * HOUR),
        value(20, "round(sum(sum_over_time(slo:events:increase5m[20m])) / 5, 0.01)", 3),
      ],
    },
  ]),
  {
    title: "an objective of Sloth by a ratio pages, and no traffic does not change its budget",
    file: slothFile(RATIO),
    counters: orders(
      [
        [HOUR, 100],
        [HOUR, 0],
      ],
      [
        [HOUR, 2],
        [HOUR, 0],
      ],
    ),
    checks: [
      ordersFiring(HOUR, ["wake", "ticket"]),
      value(2 * HOUR, "round(sum(slo:period_burn_rate:ratio), 0.1)", 20),
    ],
  },
  {
    title: "an objective of Sloth without failures never fires",
    file: slothFile(eventsBy("rate")),
    counters: orders([[HOUR, 100]], []),
    checks: [silent(HOUR), value(HOUR, BUDGET_LEFT, 1)],
  },
];

/** An objective of the section `slo` of `telltale.ops.yaml`. */
function section(name: string, percent: number, indicator: string): string {
  return `slo: { objectives: [{ name: ${name}, service: shop, objective: ${percent}, ${indicator} }] }`;
}

const fired = (at: number, name: string): Check =>
  firing(at, { SLOBurnsFast: name, SLOBurnsSlowly: name });

/** Counters of two tenants, of which the second is as given. */
function tenants(phases: readonly Phase[], failed: readonly Phase[]): Counter[] {
  const of = (organization: string, result: string, each: readonly Phase[]): Counter => ({
    name: "shop_orders_total",
    labels: { job: "shop", organization, result },
    phases: each,
  });
  return [
    of("acme", "ok", [[DAY, 1_000_000]]),
    of("tiny", "ok", phases),
    ...(failed.length === 0 ? [] : [of("tiny", "failed", failed)]),
  ];
}

const ratioFile = section(
  "orders",
  99.9,
  `ratio: { total: shop_orders_total, failed: 'shop_orders_total{result="failed"}', by: organization }`,
);
const goodFile = section(
  "orders",
  99.9,
  `ratio: { total: shop_orders_total, good: 'shop_orders_total{result!="failed"}', by: [organization] }`,
);

/** Orders of which 0.1% may fail in 30 days. */
function failing(factor: number, minutes: number): Counter[] {
  return tenants([[minutes, 10_000 - factor * 10]], [[minutes, factor * 10]]);
}

const counterRows: readonly Row[] = [
  ...(
    [
      ["failed", ratioFile],
      ["good", goodFile],
    ] as const
  ).flatMap(([kind, file]) => [
    {
      title: `14.4 times the budget's rate of ${kind} orders of one tenant pages for that tenant`,
      file,
      counters: failing(14.4, 90),
      checks: [
        {
          at: 70,
          expr: 'sum by (organization, job) (ALERTS{severity="page"})',
          samples: { '{job="shop",organization="tiny"}': 1 },
        },
        value(70, 'round(sum(slo:sli_error:ratio_rate1h{organization="acme"}), 0.001)', 0),
      ],
    },
    {
      title: `0.9 times the rate of ${kind} orders never fires`,
      file,
      counters: failing(0.9, 6 * HOUR),
      checks: [silent(6 * HOUR)],
    },
    {
      title: `a restart and a gap never fire for ${kind} orders`,
      file,
      counters: tenants(
        [
          [HOUR, 100],
          [HOUR, 100, "reset"],
          [40, 100, "gap"],
          [HOUR, 100],
        ],
        [
          [HOUR, 0.05],
          [HOUR, 0.05, "reset"],
          [40, 0.05, "gap"],
          [HOUR, 0.05],
        ],
      ),
      checks: [silent(220)],
    },
    {
      title: `one failed order of three, and none, never fire with ${kind} orders`,
      file,
      counters: tenants(
        [
          [10, 0],
          [1, 2],
          [8 * HOUR, 0],
        ],
        [
          [10, 0],
          [1, 1],
          [8 * HOUR, 0],
        ],
      ),
      checks: [
        silent(8 * HOUR),
        value(12, 'round(sum(slo:sli_error:ratio_rate5m{organization="tiny"}), 0.01)', 0.33),
      ],
    },
    {
      title: `a tenant without a series of failures has its whole budget, by ${kind} orders`,
      file,
      counters: tenants([[HOUR, 100]], []),
      checks: [
        silent(HOUR),
        value(HOUR, 'sum(slo:period_error_budget_remaining:ratio{organization="tiny"})', 1),
      ],
    },
  ]),
  {
    title: "no series of good orders is no good order",
    file: goodFile,
    counters: [
      {
        name: "shop_orders_total",
        labels: { job: "shop", organization: "tiny", result: "failed" },
        phases: [[HOUR, 10]],
      },
    ],
    checks: [fired(HOUR, "orders")],
  },
];

/** The age of the oldest message, in seconds. */
function ages(levels: readonly Level[], instance = "a"): Gauge {
  return {
    name: "telltale_queue_oldest_age_seconds",
    labels: {
      ...{ job: "shop", instance, messaging_system: "bullmq" },
      messaging_destination_name: "mails",
    },
    levels,
  };
}

/** Repeats levels. */
function repeat(times: number, levels: readonly Level[]): Level[] {
  return Array.from({ length: times }, () => levels).flat();
}

const queueFile = section("mails", 99, "freshness: { queue: mails, within: 5m }");

const queueRows: readonly Row[] = [
  {
    title: "a queue that is late for 14.4% of the time pages, with a budget of 1%",
    file: queueFile,
    counters: [
      ages([
        [6 * HOUR, 10],
        ...repeat(20, [
          [6, 10],
          [2, 301],
        ]),
      ]),
    ],
    checks: [silent(6 * HOUR), fired(8 * HOUR - 1, "mails")],
  },
  {
    title: "a queue that is late for 0.9% of the time never fires",
    file: queueFile,
    counters: [
      ages(
        repeat(3, [
          [111, 300],
          [1, 301],
        ]),
      ),
    ],
    checks: [silent(5 * HOUR)],
  },
  {
    title:
      "a queue that is late once in three minutes, without series before and after, never fires",
    file: queueFile,
    counters: [
      ages([
        [10, undefined],
        [2, 0],
        [1, 999],
        [5 * HOUR, undefined],
      ]),
    ],
    checks: [silent(5 * HOUR)],
  },
  {
    title: "a gap, and a restart of the only process, are no late queue",
    file: queueFile,
    counters: [
      ages([
        [HOUR, 1],
        [40, undefined],
        [HOUR, 2],
      ]),
      ages(
        [
          [HOUR, undefined],
          [90, 3],
        ],
        "b",
      ),
    ],
    checks: [silent(150), value(150, BUDGET_LEFT, 1)],
  },
  {
    title: "no queue at all never fires",
    file: queueFile,
    counters: [],
    checks: [silent(HOUR), value(HOUR, BUDGET_LEFT, undefined)],
  },
  {
    title: "minutes are counted, five times each",
    file: queueFile,
    counters: [ages([[HOUR, 1]])],
    checks: [value(50, "sum(slo:events:increase5m)", 5)],
  },
];

/** The time of the last success, at these minutes, until the process ends. */
function successes(minutes: readonly number[], end: number, instance = "a"): Gauge {
  const levels = minutes.map((minute, at): Level => [
    (minutes[at + 1] ?? end) - minute,
    minute * 60,
  ]);
  const [first = 0] = minutes;
  return {
    name: "telltale_job_last_success_seconds",
    labels: { job: "shop", instance, telltale_job_name: "nightly" },
    levels: first === 0 ? levels : [[first, undefined], ...levels],
  };
}

/** The process of a service runs. */
function uptime(minutes: number): Gauge {
  return {
    name: "process_uptime_seconds",
    labels: { job: "shop", instance: "a" },
    levels: [[minutes, 1]],
  };
}

const jobFile = section("nightly", 99, "freshness: { job: nightly, within: 1h }");

const jobRows: readonly Row[] = [
  {
    title: "a job that stops pages within ten minutes after it is late, with a budget of 1%",
    file: jobFile,
    counters: [successes([0, 50, 100, 150, 200], 6 * HOUR)],
    checks: [silent(261), fired(270, "nightly")],
  },
  {
    title: "a job that is late for 0.9 of its budget never fires",
    file: jobFile,
    counters: [successes([0, 59, 118, 180, 239, 298, 357, 416, 475], 530)],
    checks: [silent(530)],
  },
  {
    title: "a job in a new process, whose old one is gone, is not late",
    file: jobFile,
    counters: [successes([0, 50], 60), successes([100, 150, 200], 4 * HOUR, "b"), uptime(4 * HOUR)],
    checks: [silent(4 * HOUR), value(4 * HOUR, BUDGET_LEFT, 1)],
  },
  {
    title: "a gap in the scrapes, in which the job succeeds, never fires",
    file: jobFile,
    counters: [
      {
        ...successes([0], 1),
        levels: [
          [20, 0],
          [40, undefined],
          [50, 45 * 60],
        ],
      },
    ],
    checks: [silent(100)],
  },
  {
    title: "a job that is gone with its process pages, and is forgotten after three days",
    file: jobFile,
    counters: [successes([0, 50], 60)],
    checks: [
      fired(125, "nightly"),
      value(3 * DAY + 2 * HOUR, "sum(slo:events:increase5m)", undefined),
    ],
  },
  {
    title: "a job that never succeeds pages when its service has run for long enough",
    file: jobFile,
    counters: [uptime(3 * HOUR)],
    checks: [silent(59), fired(2 * HOUR, "nightly")],
  },
  {
    title: "one late minute of three never fires",
    file: jobFile,
    counters: [successes([0, 62], 63), successes([63], 110, "b")],
    checks: [silent(110)],
  },
  {
    title: "no job and no service never fires",
    file: jobFile,
    counters: [],
    checks: [silent(HOUR), value(HOUR, BUDGET_LEFT, undefined)],
  },
];

const openSlo = (spec: string, more = ""): string => `apiVersion: openslo/v1
kind: SLO
metadata: { name: orders }
spec:
  service: shop
  budgetingMethod: Occurrences
  ${spec}
${more}`;

const countersOf = (part: string, value: string): string =>
  `indicator: { metadata: { name: a }, spec: { ratioMetric: { counter: true, ${part}: { metricSource: { spec: { query: 'sum(${value})' } } }, total: { metricSource: { spec: { query: orders_total } } } } } }
  objectives: [{ target: 0.999 }]`;

const conditionOf = (threshold: number): string => `
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: OrdersBurn }
      spec:
        conditions:
          - kind: AlertCondition
            metadata: { name: twice }
            spec: { severity: page, condition: { kind: burnrate, op: gte, threshold: ${threshold}, lookbackWindow: 90m, alertAfter: 5m } }
        notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: on-call }, spec: { target: slack } }]
`;

const openSloRows: readonly Row[] = [
  ...(["bad", "good"] as const).flatMap((part) => {
    const file = openSlo(countersOf(part, part === "bad" ? "failed_total" : "good_total"));
    const series = (failed: readonly Phase[], all: readonly Phase[]): Counter[] => [
      { name: "orders_total", labels: { job: "shop" }, phases: all },
      {
        name: part === "bad" ? "failed_total" : "good_total",
        labels: { job: "shop" },
        phases:
          part === "bad"
            ? failed
            : all.map(([minutes, each, kind], at) => {
                const good = each - (failed[at]?.[1] ?? 0);
                return kind === undefined ? [minutes, good] : [minutes, good, kind];
              }),
      },
    ];
    return [
      {
        title: `OpenSLO, ${part} and total: 14.4 times the rate pages`,
        file,
        counters: series([[90, 144]], [[90, 10_000]]),
        checks: [fired(70, "orders")],
      },
      {
        title: `OpenSLO, ${part} and total: 0.9 times the rate, a restart and a gap never fire`,
        file,
        counters: series(
          [
            [6 * HOUR, 9],
            [HOUR, 9, "reset"],
            [40, 9, "gap"],
            [HOUR, 9],
          ],
          [
            [6 * HOUR, 10_000],
            [HOUR, 10_000, "reset"],
            [40, 10_000, "gap"],
            [HOUR, 10_000],
          ],
        ),
        checks: [silent(8 * HOUR + 40)],
      },
      {
        title: `OpenSLO, ${part} and total: one failed order of three, and none, never fire`,
        file,
        counters: series(
          [
            [10, 0],
            [1, 1],
            [HOUR, 0],
          ],
          [
            [10, 0],
            [1, 3],
            [HOUR, 0],
          ],
        ),
        checks: [silent(70)],
      },
    ];
  }),
  {
    title: "OpenSLO, a condition of its own: fires after its window and time, with its target",
    file: openSlo(`${countersOf("bad", "failed_total")}${conditionOf(2)}`),
    counters: orders([[4 * HOUR, 10_000]], [[4 * HOUR, 21]]),
    checks: [
      value(4, 'count(ALERTS{alertstate="firing"})', undefined),
      {
        at: HOUR,
        expr: 'sum by (alertname, severity, notification_targets) (ALERTS{alertstate="firing"})',
        samples: { '{alertname="OrdersBurn",notification_targets="on-call",severity="page"}': 1 },
      },
    ],
  },
  {
    title: "OpenSLO, a condition of its own: never fires below its threshold",
    file: openSlo(`${countersOf("bad", "failed_total")}${conditionOf(2)}`),
    counters: orders([[4 * HOUR, 10_000]], [[4 * HOUR, 19]]),
    checks: [silent(4 * HOUR)],
  },
  {
    title: "OpenSLO, a threshold: a value that is too high for too long pages",
    file: openSlo(
      "indicator: { metadata: { name: a }, spec: { thresholdMetric: { metricSource: { type: Prometheus, spec: { query: max(shop_lag) } } } } }\n  objectives: [{ op: lt, value: 10, target: 0.99 }]",
    ),
    counters: [
      {
        name: "shop_lag",
        labels: { job: "shop" },
        levels: [
          [3 * HOUR, 9],
          [HOUR, 10],
        ],
      },
    ],
    checks: [silent(3 * HOUR), fired(3 * HOUR + 10, "orders")],
  },
  {
    title: "OpenSLO, a ratio that is recorded: pages by its own windows",
    file: openSlo(
      "indicator: { metadata: { name: a }, spec: { ratioMetric: { rawType: success, raw: { metricSource: { spec: { query: 'shop_success{a=\"b\"}' } } } } } }\n  objectives: [{ targetPercent: 99.9 }]",
    ),
    counters: [{ name: "shop_success", labels: { a: "b" }, levels: [[HOUR, 0.98]] }],
    checks: [fired(HOUR, "orders")],
  },
  {
    title: "OpenSLO, a period of four weeks: its rates are a little lower",
    file: openSlo(
      `${countersOf("bad", "failed_total")}\n  timeWindow: [{ duration: 4w, isRolling: true }]`,
    ),
    counters: orders([[90, 10_000]], [[90, 136]]),
    checks: [
      fired(70, "orders"),
      value(70, "sum(slo:time_period:days)", 28),
      value(70, "round(sum(slo:sli_error:ratio_rate4w), 0.0001)", 0.0136),
    ],
  },
];

const allRows = [...rows, ...slothRows, ...counterRows, ...queueRows, ...jobRows, ...openSloRows];

describe("The rules of telltale slo, replayed by promtool", () => {
  for (const { title, args = availability, file, counters, checks } of allRows) {
    it(title, async function () {
      const rules =
        file === undefined ? ruleFileOf(args) : ruleFileOf(["--from", "slo.yaml"], file);
      await replay(programOrSkip(this, "promtool"), rules, counters, checks);
    });
  }
});
