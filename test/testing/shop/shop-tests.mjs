import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assertEvent,
  assertLog,
  assertMetric,
  assertQuery,
  assertSpan,
  expectErrorReported,
  expectHealthy,
  expectLogLine,
  expectMetric,
  matchers,
  maxDuration,
  maxQueries,
  noDuplicateQueries,
  noNPlusOne,
  observe as observeWithin,
  setBudget,
} from "telltale/testing";

/** The limit of a busy machine. */
const observe = (work, options) => observeWithin(work, { timeoutMs: 120_000, ...options });

/** Forty tests of the shop, for any runner: names and functions. */
export function shopTests(url) {
  const get = (path) => async () => (await fetch(url() + path)).text();
  const tests = [
    [
      "reports the error of a failed request",
      async () => {
        const seen = await observe(get("/failing"));
        expectErrorReported(seen, "the card was refused");
        assertSpan(seen, { kind: "server", status: "error" });
      },
    ],
    [
      "reports a captured error",
      async () => {
        const seen = await observe(get("/captured"));
        expectErrorReported(seen, /stock is empty/);
        assert.equal(seen.events.length, 1);
      },
    ],
  ];
  for (let id = 1; id <= 9; id++) {
    const path = `/orders/${id}`;
    tests.push(
      [
        `reads order ${id} by one query of its own`,
        async () => {
          const { result, queries } = await observe(get(path));
          assert.equal(JSON.parse(result).customer, `customer ${id}`);
          assert.deepEqual(
            queries.map(({ parameters }) => parameters),
            [[`0=${id}`], [`0=${id}`]],
          );
        },
      ],
      [
        `records the request of order ${id}`,
        async () => {
          const seen = await observe(get(path));
          const servers = seen.spans.filter(({ kind }) => kind === "server");
          assert.equal(servers.length, 1);
          assertSpan(seen, {
            name: "GET /orders/:id",
            kind: "server",
            attributes: { "url.path": path },
          });
          assertQuery(seen, { text: /FROM items/, place: /app\.[cm]js:\d+$/ });
        },
      ],
      [
        `logs order ${id} with its ids`,
        async () => {
          const seen = await observe(get(path));
          assert.equal(seen.logs.length, 1);
          assertLog(seen, { body: "order read", attributes: { order: id } });
          expectLogLine(seen, "order read");
        },
      ],
      [
        `keeps the budget of order ${id}`,
        async () => {
          const seen = await observe(get(path));
          noNPlusOne(seen);
          noDuplicateQueries(seen);
          maxQueries(seen, 2);
          expectMetric(seen, "http.server.request.duration");
          assertMetric(seen, { kind: "histogram", attributes: { "http.route": "/orders/:id" } });
        },
      ],
    );
  }
  tests.push(
    [
      "runs no query without a function that makes one",
      async () => assert.deepEqual((await observe(() => 1)).queries, []),
    ],
    [
      "passes on what the function throws",
      async () =>
        assert.rejects(
          observe(() => {
            throw new Error("mine");
          }),
          /mine/,
        ),
    ],
  );
  return tests;
}

/** Tests that fail: each with what its message must contain. */
export function failingTests(url) {
  const get = (path) => async () => (await fetch(url() + path)).text();
  return [
    ["an N+1 query", async () => noNPlusOne(await observe(get("/n-plus-one")))],
    ["a duplicate query", async () => noDuplicateQueries(await observe(get("/duplicate")))],
    ["too many queries", async () => maxQueries(await observe(get("/n-plus-one")), 3)],
    [
      "a budget of the function",
      async () => void (await observe(get("/n-plus-one"), { budget: { noNPlusOne: true } })),
    ],
    [
      "a missing span",
      async () => assertSpan(await observe(get("/orders/1")), { name: "GET /orders" }),
    ],
    ["a lost log id", async () => expectLogLine(await observe(get("/lost-id")), "stock written")],
    ["a missing metric", async () => expectMetric(await observe(get("/orders/1")), "orders.read")],
    [
      "an unreported error",
      async () => expectErrorReported(await observe(get("/swallowed")), "refused"),
    ],
    [
      "an unreported error that is logged",
      async () => expectErrorReported(await observe(get("/only-logged")), "refused"),
    ],
    [
      "another error than the reported one",
      async () => expectErrorReported(await observe(get("/captured")), "refused"),
    ],
    [
      "work that does not end",
      // Without a span, which might be open still.
      async () => void (await observe(() => 1, { timeoutMs: 50, until: () => false })),
    ],
    [
      "a missing log record",
      async () => assertLog(await observe(get("/orders/1")), { body: "order written" }),
    ],
    [
      "a wrong attribute of a metric",
      async () => {
        const attributes = { "http.route": "/orders" };
        const name = "http.server.request.duration";
        assertMetric(await observe(get("/orders/1")), { name, attributes });
      },
    ],
    [
      "a missing event",
      async () => assertEvent(await observe(get("/captured")), { level: "fatal" }),
    ],
    [
      "a missing query",
      async () => assertQuery(await observe(get("/orders/1")), { text: /FROM invoices/ }),
    ],
    ["an unhealthy page", async () => expectHealthy(`${url()}/failing`)],
    [
      "a longer duration",
      async () =>
        withFolder(async (baselines) => {
          await writeFile(join(baselines, "order.json"), '{ "durationMs": 0.001 }');
          maxDuration(await observe(get("/orders/1")), { name: "order", baselines, ratio: 2 });
        }),
    ],
    [
      "a budget of the run",
      async () => withBudget({ noDuplicateQueries: true }, () => observe(get("/duplicate"))),
    ],
  ];
}

/** Tests that pass: what budgets allow, and what matchers return. */
export function passingTests(url) {
  const get = (path) => async () => (await fetch(url() + path)).text();
  return [
    [
      "a statement that is ignored",
      async () => {
        const seen = await observe(get("/n-plus-one"));
        noNPlusOne(seen, { ignore: ["SELECT name FROM items*"] });
        maxQueries(seen, 0, { ignore: ["SELECT name FROM items*"] });
      },
    ],
    [
      "a place that is ignored",
      async () => {
        const seen = await observe(get("/duplicate"));
        noDuplicateQueries(seen, { ignore: [seen.queries[0].place] });
      },
    ],
    [
      "a test without the budget of the run",
      async () =>
        withBudget({ noNPlusOne: true }, () => observe(get("/n-plus-one"), { budget: false })),
    ],
    [
      "a test with a budget of its own",
      async () =>
        withBudget({ maxQueries: 1 }, () =>
          observe(get("/n-plus-one"), { budget: { maxQueries: 10 } }),
        ),
    ],
    [
      "a removed budget of the run",
      async () => {
        await withBudget({ maxQueries: 1 }, async () => {});
        await observe(get("/n-plus-one"));
      },
    ],
    [
      "a duration that is recorded, and one that is not much longer",
      async () =>
        withFolder(async (baselines) => {
          const budget = { name: "GET /orders", baselines, ratio: 1e6 };
          maxDuration(await observe(get("/orders/1")), budget);
          const recorded = await readFile(join(baselines, "GET-orders.json"), "utf8");
          assert.ok(JSON.parse(recorded).durationMs > 0);
          maxDuration(await observe(get("/orders/1")), budget);
          assert.equal(await readFile(join(baselines, "GET-orders.json"), "utf8"), recorded);
        }),
    ],
    [
      "matchers for `expect.extend`",
      async () => {
        const seen = await observe(get("/captured"));
        const found = matchers.toHaveSpan(seen, { name: "GET /captured" });
        assert.equal(found.pass, true);
        assert.match(found.message(), /^a span matches \{ name: 'GET \/captured' \}:\nGET/);
        const missing = matchers.toHaveEvent(seen, { level: "fatal" });
        assert.equal(missing.pass, false);
        assert.match(missing.message(), /^no event of 1 matches/);
        for (const matcher of [matchers.toHaveLog, matchers.toHaveMetric, matchers.toHaveQuery])
          assert.equal(matcher(seen, { name: "none" }).pass, false);
      },
    ],
    [
      "a value that a function or an asymmetric matcher accepts",
      async () => {
        const seen = await observe(get("/orders/1"));
        assertSpan(seen, { durationMs: (value) => value > 0 });
        assertSpan(seen, { name: { asymmetricMatch: (value) => value === "GET /orders/:id" } });
      },
    ],
    ["a healthy page", async () => expectHealthy(new URL("/orders/1", url()))],
    [
      "a limit of queries with enough rows",
      async () => maxQueries(await observe(get("/orders")), 10),
    ],
    [
      "a limit of queries with too few rows",
      async () => maxQueries(await observe(get("/orders")), 11),
    ],
  ];
}

async function withBudget(budget, work) {
  setBudget(budget);
  try {
    await work();
  } finally {
    setBudget(null);
  }
}

async function withFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "telltale-baselines-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
