import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { inspect, isDeepStrictEqual } from "node:util";
import { PROTOCOL_VERSION } from "../../../src/metrics/cluster/protocol.ts";
import { socketPath } from "../../../src/metrics/cluster/socket-path.ts";
import type { PageSharing } from "../../../src/metrics/cluster/page-sharing.ts";
import { freePort } from "../../free-port.ts";
import { pollUntilTrue } from "../../until.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../exposition.ts";
import { nativeCounts, parseProtobufPage, type ProtobufHistogram } from "../exposition-protobuf.ts";
import { createMetricsPipeline } from "../metrics-fixture.ts";

type Pipeline = ReturnType<typeof createMetricsPipeline>;

const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };

/** The first messages of another process, which needs one connection only for a test. */
const hello =
  `${JSON.stringify({ kind: "control", id: "1" })}\n` +
  `${JSON.stringify({ kind: "hello", id: "1", pid: 1, ppid: process.ppid })}\n`;

/** A gauge of one process and another one's, the rule, and the values on the page. */
const gauges: readonly (readonly [string, string, readonly [number, number], readonly number[]])[] =
  [
    ["shop.load", "", [3, 4], [3, 4]],
    ["nodejs.eventloop.delay.p99", "", [3, 4], [4]],
    ["nodejs.eventloop.delay.min", "", [3, 4], [3]],
    ["telltale.queue.size", "", [3, 3], [3]],
    ["shop.load", "shop.load=sum", [3, 4], [7]],
    ["shop.load", "shop.*=min", [3, 4], [3]],
    ["shop.load", "shop.load=max", [3, Infinity], [Infinity]],
    ["shop.load", "shop.load=max", [3, Number.NaN], [3]],
    ["telltale.queue.size", "*=separate", [3, 3], [3, 3]],
  ];

const point = { attributes: {}, startTime: [1, 0], endTime: [2, 0], value: 1 };

/** A histogram of one value, with native buckets that are wrong. */
function histogramPoint(native: object): object {
  const value = { buckets: { boundaries: [], counts: [1] }, count: 1, sum: 1, native };
  return { ...point, value };
}

/** Messages that no member sends. */
const unexpected: readonly (readonly [string, string])[] = [
  ["no JSON", "GET / HTTP/1.1\r\n\r\n"],
  ["an unknown message", '{"kind":"order"}\n'],
  ["null", "null\n"],
  ["a process without a number", '{"kind":"hello","id":"1","pid":"1"}\n'],
  ["a process without an id", '{"kind":"control","id":1}\n'],
  ["metrics without a process", '{"kind":"changes","scopeMetrics":[]}\n'],
  ["counts without an owner", '{"kind":"inheritance","scopeMetrics":[],"memberIds":[]}\n'],
  [
    "members that are none",
    '{"kind":"inheritance","ownerId":"1","scopeMetrics":[],"memberIds":[1]}\n',
  ],
  ["metrics that are no list", '{"kind":"changes","scopeMetrics":{}}\n'],
  ["a scope without a name", '{"kind":"changes","scopeMetrics":[{"scope":{},"metrics":[]}]}\n'],
  ["a metric without a name", changesWith({ descriptor: {} })],
  ["a metric of an unknown kind", changesWith({ dataPointType: 9 })],
  ["a value that is text", changesWith({ dataPoints: [{ ...point, value: "1 2" }] })],
  ["attributes that are none", changesWith({ dataPoints: [{ ...point, attributes: null }] })],
  ["no histogram", changesWith({ dataPointType: 0, dataPoints: [point] })],
  ["no native histogram", changesWith({ dataPointType: 0, dataPoints: [histogramPoint({})] })],
  [
    "a native histogram of too many buckets",
    changesWith({
      dataPointType: 0,
      dataPoints: [
        histogramPoint({
          scale: 8,
          zeroCount: 0,
          positive: { offset: 0, bucketCounts: Array.from({ length: 4097 }, () => 1) },
          negative: { offset: 0, bucketCounts: [] },
        }),
      ],
    }),
  ],
  ["a point without a start", changesWith({ dataPoints: [{ ...point, startTime: undefined }] })],
  ["no summary", changesWith({ dataPointType: 4, dataPoints: [{ ...point, value: {} }] })],
  [
    "an exemplar that is none",
    changesWith({ dataPoints: [{ ...point, exemplar: { traceId: '"} 1' } }] }),
  ],
];

describe("The page of several processes", () => {
  const sharings: PageSharing[] = [];

  afterEach(() => {
    for (const sharing of sharings.splice(0)) sharing.stop();
  });

  it("adds counters, histograms and up-down counters, also those from before joining", async () => {
    const [owner, member] = await pair();
    for (const { metrics } of [owner, member]) fill(metrics);
    await waitForValues(owner, { jobs_total: [4], busy: [4], took_count: [4], target_info: [1] });
  });

  for (const [name, rule, [first, second], expected] of gauges) {
    it(`has ${expected.join(" and ")} for ${first} and ${second} of ${name}${rule === "" ? "" : ` with ${rule}`}`, async () => {
      const [owner] = await pair({ TELLTALE_METRICS_MERGE: rule });
      owner.metrics.provider.getMeter("app").createGauge(name).record(first);
      const other = await connectTo(owner);
      other.write(hello);
      other.on("data", () => {
        // Any message may be a request; an answer with a high number is one to all of them.
        const dataPoints = [{ ...point, value: valueOfGauge(second) }];
        other.write(messageWith("answer", { ...gaugeNamed(name), dataPoints }));
      });
      await waitForValues(owner, { [name.replaceAll(".", "_")]: expected });
      other.destroy();
    });
  }

  it("keeps the exemplars of all processes", async () => {
    const [owner, member] = await pair();
    const meter = member.metrics.provider.getMeter("app") as Pipeline["metrics"]["meter"];
    meter.createCounter("jobs").bind().add(1, span);
    meter.createHistogram("took").bind().record(1, span);
    const accept = "application/openmetrics-text";
    await pollUntilTrue(async () => {
      const { body } = (await owner.metrics.prometheusPage(accept))!;
      return body.toString().match(/ # \{trace_id="a{32}"/g)?.length === 2;
    }, "two exemplars");
  });

  it("adds native histograms of different scales, also of a process that has ended", async () => {
    const variables = { TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: "true" };
    const [owner, member, sharing] = await pair(variables);
    const record = (metrics: Pipeline["metrics"], values: readonly number[]): void => {
      const histogram = metrics.provider.getMeter("app").createHistogram("took");
      for (const value of values) histogram.record(value);
    };
    record(owner.metrics, [0, 1, 2]);
    record(member.metrics, [1, 1e6]);
    const expected = [
      [0, 2],
      [4, 1],
      [80, 1],
    ];
    const hasExpected = async (): Promise<boolean> =>
      isDeepStrictEqual([...nativeCounts(await nativeOf(owner))], expected);
    await pollUntilTrue(hasExpected, "the values of both");
    member.metrics.drainForExit();
    sharing.stop();
    record(owner.metrics, [1]);
    expected[0] = [0, 3];
    await pollUntilTrue(hasExpected, "the values of both, and another one");
  });

  it("keeps the counts of a process that has ended, and none of its other values", async () => {
    const [owner, member, sharing] = await pair();
    fill(member.metrics);
    member.metrics.provider.getMeter("app").createGauge("depth").record(1);
    await waitForValues(owner, { depth: [1] });
    member.metrics.provider.getMeter("app").createCounter("jobs").add(5);
    member.metrics.drainForExit();
    sharing.stop();
    await pollUntilTrue(
      async () => valuesOf(await pageOf(owner), "depth").length === 0,
      "the end of a member",
    );
    const page = await pageOf(owner);
    assert.deepEqual(valuesOf(page, "jobs_total"), [7]);
    assert.deepEqual(valuesOf(page, "took_count"), [2]);
    assert.deepEqual(valuesOf(page, "busy"), []);
  });

  it("adds the counts that a previous owner has left to a member, once", async () => {
    const [owner] = await pair();
    const inheritance = { ...messageOf("changes", { dataPoints: [{ ...point, value: 8 }] }) };
    const text = JSON.stringify({
      ...inheritance,
      kind: "inheritance",
      ownerId: "2",
      memberIds: [],
    });
    for (let times = 0; times < 2; times += 1) {
      const other = await connectTo(owner);
      other.write(`${hello}${text}\n`);
      await once(other, "data");
      other.destroy();
    }
    await pollUntilTrue(
      async () => valuesOf(await pageOf(owner), "jobs_total").length > 0,
      "counts of a previous owner",
    );
    assert.deepEqual(valuesOf(await pageOf(owner), "jobs_total"), [8]);
  });

  it("does not wait for a process that does not answer, and has its counts", async () => {
    const [owner] = await pair();
    const silent = await connectTo(owner);
    silent.write(hello);
    silent.write(changesWith({ dataPoints: [{ ...point, value: 8 }] }));
    await once(silent, "data");
    for (let pages = 0; pages < 3; pages += 1)
      assert.deepEqual(valuesOf(await pageOf(owner), "jobs_total"), [8]);
    silent.destroy();
  });

  for (const [title, text] of unexpected) {
    it(`ends the connection of a process that sends ${title}, with one line`, async () => {
      const [owner, member] = await pair();
      fill(member.metrics);
      const other = await connectTo(owner);
      if (text.includes("changes") && !title.includes("without a process")) other.write(hello);
      other.end(text);
      await new Promise((resolve) => other.once("close", resolve).resume());
      await waitForValues(owner, { jobs_total: [2] });
      const lines = owner.lines.filter((line) => line.includes("unreadable metrics"));
      assert.equal(lines.length, 1, owner.lines.join(""));
    });
  }

  it("refuses a process that is no relative", async () => {
    const [owner] = await pair();
    const stranger = await connectTo(owner);
    const closed = new Promise((resolve) => stranger.once("close", resolve).resume());
    stranger.write(`${JSON.stringify({ kind: "hello", id: "1", pid: 1, ppid: 2 ** 30 })}\n`);
    await closed;
    assert.deepEqual(owner.lines, []);
  });

  it("has no members without an owner", async () => {
    const alone = createMetricsPipeline(await variablesWith({}));
    assert.equal(await sharingOf(alone).join(() => {}), false);
  });

  /** Returns the pipelines of the owner of a page and of a member. */
  async function pair(
    variables: Readonly<Record<string, string>> = {},
  ): Promise<[Pipeline, Pipeline, PageSharing]> {
    const all = await variablesWith(variables);
    const [owner, member] = [createMetricsPipeline(all), createMetricsPipeline(all)];
    sharingOf(owner).serve();
    const sharing = sharingOf(member);
    await pollUntilTrue(() => sharing.join(() => {}), "a page");
    return [owner, member, sharing];
  }

  function sharingOf({ metrics }: Pipeline): PageSharing {
    const sharing = metrics.sharePage()!;
    sharings.push(sharing);
    return sharing;
  }
});

async function variablesWith(
  variables: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  return { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()), ...variables };
}

async function connectTo({ config }: Pipeline): Promise<Socket> {
  const { host, port } = config.admin;
  const socket = connect(socketPath([PROTOCOL_VERSION, host, port, "", "shop"])!);
  await once(socket, "connect");
  return socket;
}

function fill({ provider }: Pipeline["metrics"]): void {
  const meter = provider.getMeter("app");
  meter.createCounter("jobs").add(2);
  meter.createUpDownCounter("busy").add(2);
  const took = meter.createHistogram("took", { advice: { explicitBucketBoundaries: [1] } });
  took.record(1);
  took.record(2);
}

async function pageOf({ metrics }: Pipeline): Promise<ExpositionPage> {
  return parsePage((await metrics.prometheusPage(undefined))!.body.toString());
}

/** Waits until the page has the values of some metrics: a busy machine may answer too late for one page. */
async function waitForValues(
  owner: Pipeline,
  expected: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  let found: Record<string, readonly number[]> = {};
  await pollUntilTrue(
    async () => {
      const page = await pageOf(owner);
      const names = Object.keys(expected);
      found = Object.fromEntries(names.map((name) => [name, valuesOf(page, name)]));
      return isDeepStrictEqual(found, expected);
    },
    () => `the values; there are ${inspect(found)}`,
  );
}

function valuesOf(page: ExpositionPage, name: string): number[] {
  return samplesOf(page, name)
    .map(({ value }) => value)
    .toSorted((a, b) => a - b);
}

/** Returns the properties of a gauge that differ from those of a counter. */
function gaugeNamed(name: string): Readonly<Record<string, unknown>> {
  return { descriptor: { name, unit: "", description: "", valueType: 1 }, dataPointType: 2 };
}

function valueOfGauge(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function changesWith(properties: Readonly<Record<string, unknown>>): string {
  return messageWith("changes", properties);
}

/** Returns a message with a counter, some of whose properties differ. */
function messageOf(
  kind: "changes" | "answer",
  properties: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const metric = {
    descriptor: { name: "jobs", unit: "", description: "", valueType: 1 },
    aggregationTemporality: 1,
    dataPointType: 3,
    isMonotonic: true,
    dataPoints: [],
    ...properties,
  };
  const scopeMetrics = [{ scope: { name: "app" }, metrics: [metric] }];
  return { kind, requestNumber: 2 ** 30, scopeMetrics };
}

function messageWith(...args: Parameters<typeof messageOf>): string {
  return `${JSON.stringify(messageOf(...args))}\n`;
}

/** Returns the histogram `took` of the page in protobuf. */
async function nativeOf({ metrics }: Pipeline): Promise<ProtobufHistogram> {
  const page = (await metrics.prometheusPage(PROTOBUF))!;
  const family = parseProtobufPage(page.body).find(({ name }) => name === "took");
  return family!.metric[0]!.histogram!;
}
