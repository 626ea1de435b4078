import { programOrSkip } from "../../programs.ts";
import { type Check, type Counter, type Phase, replay } from "./replay.ts";
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
  /** A file of Sloth instead. */
  readonly file?: string;
  readonly counters: readonly Counter[];
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

describe("The rules of telltale slo, replayed by promtool", () => {
  for (const { title, args = availability, file, counters, checks } of [...rows, ...slothRows]) {
    it(title, async function () {
      const rules =
        file === undefined ? ruleFileOf(args) : ruleFileOf(["--from", "sloth.yaml"], file);
      await replay(programOrSkip(this, "promtool"), rules, counters, checks);
    });
  }
});
