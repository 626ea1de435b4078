import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ExitPlan } from "../fixtures/end.ts";
import { runExportProcess } from "../export-process.ts";
import { startSilentHost } from "../silent-host.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

const COUNT = 1000;

describe("Items that are queued when the process ends", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
  });
  beforeEach(() => {
    receiver.clear();
    receiver.setFaults();
  });
  after(() => receiver.close());

  const ways = [
    { title: "normally", end: "normal", code: 0 },
    { title: "by process.exit", end: "exit", code: 3 },
  ] as const;
  const kinds = [
    { title: "over HTTP", protocol: "http/protobuf", compression: "none" },
    { title: "over HTTP, gzipped", protocol: "http/json", compression: "gzip" },
    { title: "over gRPC", protocol: "grpc", compression: "gzip" },
  ] as const;
  for (const { title, end, code } of ways) {
    for (const { title: how, protocol, compression } of kinds) {
      it(`${title}, ${how}, arrive once`, async () => {
        const url = protocol === "grpc" ? (receiver.grpcUrl ?? "") : receiver.url;
        const child = runExportProcess({ url, count: COUNT, end, otlp: { protocol, compression } });
        const { report, stderr, code: actual } = await child.ended;
        await receiver.waitFor(({ spans }) => spans.length >= COUNT, "rest of the spans");
        assertEachOnce(receiver, COUNT);
        assert.equal(actual, code);
        // A request that the kernel has in full stays in flight: its response is not read.
        assert.equal((report.counts["sent"] ?? 0) + (report.counts["queued"] ?? 0), COUNT);
        assert.equal(stderr, "");
      });
    }
  }

  it("are not sent again if the peer has the request and only its response is missing", async () => {
    receiver.setFaults({ kind: "delay", ms: 1500, times: 1 });
    const child = runExportProcess({ url: receiver.url, count: COUNT, end: "message" });
    await receiver.waitFor(({ requests }) => requests[0]);
    child.requestExit();
    const { report } = await child.ended;
    await receiver.waitFor(({ spans }) => spans.length >= COUNT);
    assertEachOnce(receiver, COUNT);
    assert.deepEqual(report.counts, { sent: COUNT - 512, queued: 512 });
  });

  it("are sent again if the peer has only a part of the request", async () => {
    // More than the kernel buffers for a peer that does not read.
    const count = 9000;
    receiver.setFaults({ kind: "no-read", times: 1 });
    const otlp = { protocol: "http/json", compression: "none" } as const;
    const child = runExportProcess({
      url: receiver.url,
      count,
      end: "message",
      otlp,
      batch: count,
    });
    await receiver.waitFor(({ requests }) => requests[0]);
    child.requestExit();
    const { report } = await child.ended;
    assertEachOnce(receiver, count);
    assert.deepEqual(report.counts, { sent: count });
  });

  it("are sent again if they wait for a retry", async () => {
    receiver.setFaults({ kind: "status", status: 503, headers: { "retry-after": "5" }, times: 1 });
    const child = runExportProcess({ url: receiver.url, count: COUNT, end: "message" });
    await receiver.waitFor(({ requests }) => requests.find(({ status }) => status === 503));
    await child.runLoopOnce();
    child.requestExit();
    const { report } = await child.ended;
    assertEachOnce(receiver, COUNT);
    assert.deepEqual(report.counts, { sent: COUNT });
  });

  it("are counted as rejected if the peer rejects them", async () => {
    receiver.setFaults({ kind: "partial", rejected: 3, times: 1 });
    const { report, stderr } = await runExportProcess({ url: receiver.url, count: 10, end: "exit" })
      .ended;
    assert.deepEqual(report.counts, { sent: 7, rejected: 3 });
    assert.match(stderr, /^telltale: .* 3 were rejected: "rejected"\n$/);
  });

  const losses: { title: string; plan: (receiver: Receiver) => Partial<ExitPlan>; line: RegExp }[] =
    [
      {
        title: "the peer hangs",
        plan: (peer) => {
          peer.setFaults({ kind: "hang" });
          return { url: peer.url };
        },
        line: /no answer within the 300 ms left at the end/,
      },
      {
        title: "the peer hangs, over gRPC",
        plan: (peer) => {
          peer.setFaults({ kind: "hang" });
          return { url: peer.grpcUrl ?? "", otlp: { protocol: "grpc" } };
        },
        line: /no answer within the 300 ms left at the end/,
      },
      {
        title: "no server listens",
        plan: () => ({ url: "http://127.0.0.1:1", deadlineMs: WAIT_TIMEOUT_MS }),
        line: /connection refused; is a Collector running there\?/,
      },
      {
        title: "no server listens, over gRPC",
        plan: () => ({
          url: "http://127.0.0.1:1",
          otlp: { protocol: "grpc" },
          deadlineMs: WAIT_TIMEOUT_MS,
        }),
        line: /connection refused; is a Collector running there\?/,
      },
      {
        title: "the peer rejects them",
        plan: (peer) => {
          peer.setFaults({ kind: "status", status: 401 });
          return { url: peer.url, deadlineMs: WAIT_TIMEOUT_MS };
        },
        line: /answered 401/,
      },
    ];
  for (const { title, plan, line } of losses) {
    it(`are counted and logged once, within the deadline, if ${title}`, async () => {
      const planned = plan(receiver);
      const { report, stderr, code } = await runExportProcess({
        url: "",
        count: COUNT,
        end: "exit",
        deadlineMs: 300,
        ...planned,
        otlp: { timeoutMs: 300_000, ...planned.otlp },
      }).ended;
      assert.equal(code, 3);
      assert.deepEqual(report.counts, { shutdown: COUNT });
      assert.match(stderr, line);
      assert.equal(stderr.split("\n").length, 2, stderr);
      assert.ok(report.blockedMs < WAIT_TIMEOUT_MS, `held ${report.blockedMs} ms`);
    });
  }

  describe("and in flight while nothing else keeps the process alive", () => {
    const deadlineMs = 300;
    /** What would hold it otherwise. */
    const timeoutMs = 300_000;
    /** Below that, above what a busy machine may take. */
    const restMs = WAIT_TIMEOUT_MS;

    for (const protocol of ["http/protobuf", "grpc"] as const) {
      it(`do not keep it alive if a host drops SYNs, over ${protocol}`, async () => {
        const host = await startSilentHost();
        try {
          const otlp = { protocol, timeoutMs };
          const plan = { url: host.url, count: COUNT, deadlineMs, otlp };
          const { report, stderr, tookMs } = await runExportProcess(plan).ended;
          assert.deepEqual(report.counts, { shutdown: COUNT });
          assert.match(stderr, /no answer within the 300 ms left at the end/);
          assert.ok(tookMs < deadlineMs + restMs, `${tookMs} ms`);
        } finally {
          await host.close();
        }
      });

      it(`arrive once if the peer had stopped reading, over ${protocol}`, async () => {
        // More than the kernel buffers for a peer that does not read.
        const count = 9000;
        receiver.setFaults({ kind: "no-read", times: 1 });
        const url = protocol === "grpc" ? (receiver.grpcUrl ?? "") : receiver.url;
        const otlp = { protocol, timeoutMs };
        const { report, tookMs } = await runExportProcess({ url, count, batch: count, otlp }).ended;
        assertEachOnce(receiver, count);
        assert.deepEqual(report.counts, { sent: count });
        assert.ok(tookMs < restMs, `${tookMs} ms`);
      });
    }
  });

  it("count as sent if the response is a success that does not end in time", async () => {
    receiver.setFaults({ kind: "slow-body", everyMs: 20 });
    const plan = { url: receiver.url, count: 10, end: "exit", deadlineMs: 2000 } as const;
    const { report } = await runExportProcess(plan).ended;
    assert.deepEqual(report.counts, { sent: 10 });
  });

  it("are dropped with one line if threads are forbidden, without another change of the exit", async () => {
    const allowed = ["--permission", "--allow-fs-read=*", "--allow-net"];
    const plan = { url: receiver.url, count: 10, end: "exit" } as const;
    const { report, stderr, code } = await runExportProcess(plan, allowed).ended;
    assert.equal(code, 3);
    assert.deepEqual(report.counts, { shutdown: 10 });
    assert.match(stderr, /what was queued at the end can't be sent: .*permission/i);
  });

  it("are sent without the preloads and flags of the process", async () => {
    const flags = ["--import", "data:text/javascript,console.log('preloaded')"];
    const plan = { url: receiver.url, count: 10, end: "exit" } as const;
    const { report, stdout } = await runExportProcess(plan, flags).ended;
    assert.deepEqual(report.counts, { sent: 10 });
    assert.equal(stdout.split("preloaded").length, 2, stdout);
  });
});

function assertEachOnce(receiver: Receiver, count: number): void {
  assert.equal(receiver.spans.length, count);
  assert.equal(new Set(receiver.spans.map((span) => span.spanId)).size, count);
}
