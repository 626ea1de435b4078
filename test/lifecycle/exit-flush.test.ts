import assert from "node:assert/strict";
import { mock } from "node:test";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import type { Pipeline } from "../../src/export/pipeline.ts";
import { ExitFlush } from "../../src/lifecycle/exit-flush.ts";

const TIMEOUT_MS = 1000;

/** A pipeline with the given requests at each drain. */
function pipelineOf(drains: readonly string[][], isSnapshot = false): Pipeline {
  const remaining = [...drains];
  const drainForExit = (): never[] => (remaining.shift() ?? []) as never[];
  return { flush: async () => {}, drainForExit, ...(isSnapshot && { isSnapshot }) };
}

interface FlushFixture {
  readonly exitFlush: ExitFlush;
  readonly sent: (readonly [requests: readonly unknown[], timeoutMs: number])[];
  readonly lines: string[];
  readonly endCount: () => number;
}

function create(pipelines: readonly Pipeline[], onEnd = (): void => {}): FlushFixture {
  const sent: [readonly unknown[], number][] = [];
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  let endCount = 0;
  const deps = {
    pipelines,
    timeoutMs: TIMEOUT_MS,
    diagnostics,
    onEnd: () => {
      endCount += 1;
      onEnd();
    },
  };
  const exitFlush = new ExitFlush(deps, (requests, timeoutMs) => sent.push([requests, timeoutMs]));
  return { exitFlush, sent, lines, endCount: () => endCount };
}

describe("The exit flush", () => {
  let now: number;
  beforeEach(() => {
    now = 5000;
    mock.method(performance, "now", () => now);
  });
  afterEach(() => mock.restoreAll());

  it("sends the requests of all pipelines together, with the whole time limit", () => {
    const { exitFlush, sent, endCount } = create([pipelineOf([["a"]]), pipelineOf([["b", "c"]])]);
    exitFlush.flush();
    assert.deepEqual(sent, [[["a", "b", "c"], TIMEOUT_MS]]);
    assert.equal(endCount(), 1);
  });

  it("ends the work in flight before it drains the pipelines", () => {
    const queued: string[] = [];
    const pipeline: Pipeline = { flush: async () => {}, drainForExit: () => queued as never[] };
    const { exitFlush, sent } = create([pipeline], () => queued.push("span in flight"));
    exitFlush.flush();
    assert.deepEqual(sent[0]?.[0], ["span in flight"]);
  });

  it("sends nothing if nothing is queued", () => {
    const { exitFlush, sent } = create([pipelineOf([])]);
    exitFlush.flush();
    assert.deepEqual(sent, []);
  });

  it("sends later telemetry in the remaining time, without snapshots and without ending work again", () => {
    const { exitFlush, sent, endCount } = create([
      pipelineOf([["span"], ["late span"]]),
      pipelineOf([["metrics"], ["metrics"]], true),
    ]);
    exitFlush.flush();
    now += 400;
    exitFlush.flush();
    assert.deepEqual(sent, [
      [["span", "metrics"], TIMEOUT_MS],
      [["late span"], TIMEOUT_MS - 400],
    ]);
    assert.equal(endCount(), 1);
  });

  it("has no time left after the deadline", () => {
    const { exitFlush, sent } = create([pipelineOf([["span"], ["late span"]])]);
    exitFlush.flush();
    now += 2 * TIMEOUT_MS;
    exitFlush.flush();
    assert.deepEqual(sent[1], [["late span"], 0]);
  });

  it("starts again if the process did not exit", async () => {
    const { exitFlush, sent, endCount } = create([pipelineOf([["a"], ["b"]])]);
    exitFlush.flush();
    await new Promise((resolve) => setImmediate(resolve));
    now += 5 * TIMEOUT_MS;
    exitFlush.flush();
    assert.deepEqual(sent[1], [["b"], TIMEOUT_MS]);
    assert.equal(endCount(), 2);
  });

  it("sends the other pipelines if one throws", () => {
    const broken: Pipeline = { flush: async () => {}, drainForExit: () => assert.fail("broken") };
    const { exitFlush, sent, lines } = create([broken, pipelineOf([["span"]])]);
    exitFlush.flush();
    assert.deepEqual(sent[0]?.[0], ["span"]);
    assert.match(lines.join(""), /^telltale: queued telemetry could not be sent: .*broken\n$/);
  });

  it("reports an error and does not throw", () => {
    const { exitFlush, lines } = create([], () => assert.fail("broken"));
    exitFlush.flush();
    assert.match(lines.join(""), /^telltale: the exit flush failed: .*broken\n$/);
  });
});
