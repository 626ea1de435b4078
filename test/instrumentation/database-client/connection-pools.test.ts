import assert from "node:assert/strict";
import type { Histogram } from "@opentelemetry/sdk-metrics";
import {
  ConnectionPools,
  type PoolReader,
  type PoolState,
} from "../../../src/instrumentation/database-client/connection-pools.ts";
import {
  observeCheckOut,
  observeOpening,
} from "../../../src/instrumentation/database-client/pool-times.ts";
import { createMetricsFixture, type MetricsFixture } from "../../metrics/metrics-fixture.ts";

interface TestPool {
  name: string;
  state: PoolState | undefined;
  fails?: boolean;
}

const reader: PoolReader<TestPool> = {
  nameOf: (pool) => {
    if (pool.fails === true) throw new Error("no name");
    return pool.name;
  },
  stateOf: ({ state, fails }) => {
    if (fails === true) throw new Error("no state");
    return state;
  },
};

const EMPTY: PoolState = { idle: 0, used: 0 };

interface PoolsFixture {
  readonly pools: ConnectionPools;
  /** Returns values by metric and attributes, without the common beginnings; the count of histograms. */
  readonly read: () => Readonly<Record<string, number>>;
}

describe("Metrics of connection pools", () => {
  it("show the limits that a pool has, and no others", () => {
    const { pools, read } = createPools();
    const full: TestPool = {
      name: "a",
      state: { idle: 1, used: 2, max: 3, pending: 4, idleMax: 5, idleMin: 6 },
    };
    const bare: TestPool = { name: "b", state: EMPTY };
    pools.watch(full, reader);
    pools.watch(bare, reader);
    assert.deepEqual(read(), {
      "count a idle": 1,
      "count a used": 2,
      "count b idle": 0,
      "count b used": 0,
      "max a": 3,
      "idle.max a": 5,
      "idle.min a": 6,
      "pending_requests a": 4,
    });
  });

  it("add up pools of one name, and of generated names", () => {
    const { pools, read } = createPools();
    const some = ["db:1/tenant_1234567", "db:1/tenant_7654321"].map((name): TestPool => ({
      name,
      state: { idle: 1, used: 2, max: 3 },
    }));
    for (const pool of some) pools.watch(pool, reader);
    assert.deepEqual(read(), {
      "count db:1/tenant_* idle": 2,
      "count db:1/tenant_* used": 4,
      "max db:1/tenant_*": 6,
    });
  });

  it("leave out a pool that throws, and show it when it recovers", () => {
    const { pools, read } = createPools();
    const good: TestPool = { name: "good", state: EMPTY };
    const bad: TestPool = { name: "bad", state: EMPTY, fails: true };
    pools.watch(bad, reader);
    pools.watch(good, reader);
    assert.deepEqual(Object.keys(read()), ["count good idle", "count good used"]);
    bad.fails = false;
    assert.ok("count bad idle" in read());
  });

  it("end with a pool, and begin again when it is used again", () => {
    const { pools, read } = createPools();
    const pool: TestPool = { name: "a", state: EMPTY };
    pools.watch(pool, reader);
    pool.state = undefined;
    assert.deepEqual(read(), {});
    pool.state = EMPTY;
    pools.watch(pool, reader);
    assert.ok("count a idle" in read());
  });

  it("record each wait and each use once, however often the library reports them", () => {
    const { pools, read } = createPools();
    const pool: TestPool = { name: "a", state: undefined };
    const times = pools.watch(pool, reader);
    const connection = {};
    times.borrowed(connection, times.request());
    times.borrowed(connection, times.request());
    times.returned(connection);
    times.returned(connection);
    times.returned(undefined);
    times.borrowed(undefined, times.request());
    assert.deepEqual(read(), { "wait_time a": 1, "use_time a": 1 });
  });

  it("record under another name if the pool's can't be read", () => {
    const { pools, read } = createPools();
    const pool: TestPool = { name: "a", state: EMPTY, fails: true };
    pools.watch(pool, reader).timedOut();
    assert.deepEqual(read(), { "timeouts unknown": 1 });
  });

  for (const [how, checkOut] of Object.entries({
    callback: checkOutByCallback,
    promise: checkOutByPromise,
  })) {
    it(`count a timeout, and no other error, with a ${how}`, async () => {
      const { pools, read } = createPools();
      const times = pools.watch<TestPool>({ name: "a", state: undefined }, reader);
      for (const error of [undefined, new Error("timeout"), new Error("refused")]) {
        assert.equal(await checkOut(times, error), error ?? CONNECTION);
      }
      assert.deepEqual(read(), { "wait_time a": 1, "timeouts a": 1 });
    });
  }

  it("record the creation of a pool's own connections only", async () => {
    const { pools, read } = createPools();
    const times = pools.watch<TestPool>({ name: "a", state: undefined }, reader);
    const open = (args: unknown[]): unknown =>
      observeOpening(args, () => {
        const [callback] = args;
        return callback === undefined ? Promise.resolve() : (callback as () => unknown)();
      });
    await open([]);
    await (times.whileOpening(() => open([])) as Promise<void>);
    // The app opens another connection as soon as the pool has one.
    times.whileOpening(() => open([() => void open([() => {}])]));
    await assert.rejects(
      times.whileOpening(() =>
        observeOpening([], () => Promise.reject(new Error("no"))),
      ) as Promise<void>,
    );
    assert.deepEqual(read(), { "create_time a": 2 });
  });
});

const CONNECTION = {};

type Times = Parameters<typeof observeCheckOut>[0];

/** Resolves to what the app gets. */
function checkOutByCallback(times: Times, error: Error | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    const args: unknown[] = [
      (failure: unknown, connection: unknown) => resolve(failure ?? connection),
    ];
    const call = (): unknown =>
      (args[0] as (...of: unknown[]) => unknown)(error, error ? undefined : CONNECTION);
    observeCheckOut(times, args, call, isTimeout);
  });
}

function checkOutByPromise(times: Times, error: Error | undefined): Promise<unknown> {
  const call = (): unknown => (error ? Promise.reject(error) : Promise.resolve(CONNECTION));
  const result = observeCheckOut(times, [], call, isTimeout) as Promise<unknown>;
  return result.catch((failure: unknown) => failure);
}

function isTimeout(error: unknown): boolean {
  return (error as Error).message === "timeout";
}

function createPools(): PoolsFixture {
  const fixture = createMetricsFixture();
  const pools = new ConnectionPools(fixture.store.provider.getMeter("test"));
  return { pools, read: () => valuesIn(fixture) };
}

function valuesIn({ collect, lines }: MetricsFixture): Readonly<Record<string, number>> {
  const metrics = collect().scopeMetrics.flatMap((scope) => scope.metrics);
  assert.deepEqual(lines, []);
  return Object.fromEntries(
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [
        [descriptor.name.replace("db.client.connection.", ""), ...Object.values(attributes)].join(
          " ",
        ),
        typeof value === "number" ? value : (value as Histogram).count,
      ]),
    ),
  );
}
