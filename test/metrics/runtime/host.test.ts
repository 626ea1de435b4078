import assert from "node:assert/strict";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { observeContainer } from "../../../src/metrics/runtime/container.ts";
import { observeDescriptors } from "../../../src/metrics/runtime/descriptors.ts";
import { observeHost } from "../../../src/metrics/runtime/host.ts";
import {
  readTextFile,
  shareResult,
  type TextReader,
} from "../../../src/metrics/runtime/proc-file.ts";
import type { StoreMeter } from "../../../src/metrics/store-meter.ts";
import { MetricReaderState } from "../../../src/metrics/reader-state.ts";
import { createMetricsFixture } from "../metrics-fixture.ts";

type Observe = (meter: StoreMeter, read: TextReader) => void;

/** Values by metric and attributes. */
type Values = Readonly<Record<string, number>>;

async function observed(observe: Observe, read: TextReader = readTextFile): Promise<Values> {
  const { store, lines } = createMetricsFixture();
  observe(store.provider.getMeter("telltale"), read);
  const { resourceMetrics, errors } = await store.collect(
    new MetricReaderState("cumulative", store.startedAt),
  );
  assert.deepEqual([errors, lines], [[], []]);
  return Object.fromEntries(
    resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => [
          [descriptor.name, ...Object.values(attributes)].join(" "),
          Number(value),
        ]),
      ),
  );
}

/** Reads files of another machine. */
function filesOf(files: Readonly<Record<string, string>>): TextReader {
  return async (path) => files[path];
}

const version2 = {
  "/proc/self/cgroup": "0::/kubepods/pod1\n",
  "/sys/fs/cgroup/kubepods/pod1/memory.current": "1000\n",
  "/sys/fs/cgroup/kubepods/pod1/memory.max": "2000\n",
  "/sys/fs/cgroup/kubepods/pod1/memory.events": "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\n",
  "/sys/fs/cgroup/kubepods/pod1/cpu.max": "150000 100000\n",
  "/sys/fs/cgroup/kubepods/pod1/cpu.stat":
    "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 500000\n",
};

const version1 = {
  // The host's paths, which a container does not see.
  "/proc/self/cgroup": "4:memory:/docker/abc\n2:cpuacct:/docker/abc\n1:cpu:/docker/abc\n0::/\n",
  "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000\n",
  "/sys/fs/cgroup/memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
  "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n",
  "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  "/sys/fs/cgroup/cpu/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 500000000\n",
  "/sys/fs/cgroup/cpuacct/cpuacct.stat": "user 200\nsystem 100\n",
};

const limited: Values = {
  "container.cpu.time system": 1,
  "container.cpu.time user": 2,
  "container.memory.usage": 1000,
  "telltale.container.cpu.limit": 1.5,
  "telltale.container.cpu.periods": 10,
  "telltale.container.cpu.throttled.periods": 4,
  "telltale.container.cpu.throttled.time": 0.5,
  "telltale.container.memory.limit": 2000,
  "telltale.container.oom_kills": 1,
};

interface GroupRow {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: Values;
}

const groups: readonly GroupRow[] = [
  { title: "of version 2", files: version2, expected: limited },
  { title: "of version 1, in a container", files: version1, expected: limited },
  {
    title: "without limits",
    files: {
      ...version2,
      "/sys/fs/cgroup/kubepods/pod1/memory.max": "max\n",
      "/sys/fs/cgroup/kubepods/pod1/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/kubepods/pod1/cpu.stat": "user_usec 2000000\nsystem_usec 1000000\n",
    },
    expected: {
      "container.cpu.time system": 1,
      "container.cpu.time user": 2,
      "container.memory.usage": 1000,
      "telltale.container.oom_kills": 1,
    },
  },
  {
    title: "of version 1 without limits",
    files: {
      ...version1,
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    },
    expected: Object.fromEntries(
      Object.entries(limited).filter(([name]) => !name.endsWith(".limit")),
    ),
  },
  { title: "that is the host's", files: { "/proc/self/cgroup": "0::/\n" }, expected: {} },
  { title: "on a system without them", files: {}, expected: {} },
];

describe("Metrics of a control group", () => {
  for (const { title, files, expected } of groups) {
    it(title, async () => {
      assert.deepEqual(sorted(await observed(observeContainer, filesOf(files))), sorted(expected));
    });
  }

  it("of this process have no negative value", async () => {
    for (const [name, value] of Object.entries(await observed(observeContainer)))
      assert.ok(value >= 0, name);
  });
});

describe("Metrics of the host", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("agree with what Node knows about this one", async () => {
    const values = await observed(observeHost);
    assert.equal(values["system.memory.limit"], totalmem());
    const used = values["system.memory.usage used"] ?? 0;
    const available = values["system.memory.usage available"] ?? 0;
    assert.equal(used + available, totalmem());
    for (const mode of ["user", "system", "idle"])
      assert.ok(values[`system.cpu.time ${mode}`]! >= 0, mode);
    for (const value of Object.values(values)) assert.ok(value >= 0);
  });

  it("count bytes on the interface that they cross", async () => {
    const loopback = async (): Promise<number> =>
      (await observed(observeHost))["system.network.io lo transmit"] ?? 0;
    const before = await loopback();
    await sendOverLoopback(1_000_000);
    const after = await loopback();
    assert.ok(after - before >= 1_000_000, `${before}, then ${after}`);
  });

  it("are absent on a system without /proc", async () => {
    assert.deepEqual(await observed(observeHost, filesOf({})), {});
  });
});

describe("Metrics of open descriptors", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("count one more for each open file, below the limit", async () => {
    const folder = await mkdtemp(join(tmpdir(), "descriptors-"));
    const path = join(folder, "file");
    await writeFile(path, "");
    const first = await observed(observeDescriptors);
    const files = await Promise.all(Array.from({ length: 20 }, () => open(path)));
    const second = await observed(observeDescriptors);
    await Promise.all(files.map((file) => file.close()));
    await rm(folder, { recursive: true });
    const name = "process.open_file_descriptors";
    // Others may be opened or closed meanwhile.
    assert.ok(Math.abs(second[name]! - first[name]! - 20) < 10, `${first[name]}, ${second[name]}`);
    assert.ok(second[`telltale.${name}.limit`]! > second[name]!);
  });

  it("are absent on a system without /proc", async () => {
    assert.deepEqual(await observed(observeDescriptors, filesOf({})), {});
  });
});

describe("A shared result", () => {
  let now = 1_000;
  beforeEach(() => void mock.method(performance, "now", () => now));
  afterEach(() => mock.restoreAll());

  it("is computed once for readers at the same time, and again for a later one", async () => {
    let runs = 0;
    const read = shareResult(async () => ++runs, 50);
    assert.deepEqual(await Promise.all([read(), read()]), [1, 1]);
    now += 49;
    assert.equal(await read(), 1);
    now += 1;
    assert.equal(await read(), 2);
  });
});

function sorted(values: Values): readonly (readonly [string, number])[] {
  return Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Resolves when all bytes have arrived. */
async function sendOverLoopback(length: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    let received = 0;
    socket.on("data", (part) => {
      received += part.length;
      if (received === length) resolve();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(Buffer.alloc(length));
  await promise;
  socket.destroy();
  server.close();
}
