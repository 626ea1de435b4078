import { pollUntil } from "../../test/until.ts";
import { CollectorInstance } from "../../test/collector/support/instance.ts";
import { type SpanSink, startSpanSink } from "./sink.ts";
import { TRAFFIC_SPANS_PER_TRACE, Traffic, TRACES_PER_REQUEST } from "./traffic.ts";

/** Number of concurrent requests. */
const CONNECTIONS = 4;
/** Time limit from the last span to the last decision and export, in milliseconds. */
const DRAIN_MS = 300_000;
const MEMORY_EVERY_MS = 250;

export interface BenchLoad {
  /** Whether bodies are compressed, as from an agent, or plain, as from an app. */
  readonly gzip: boolean;
  /** Ratio of the traces that no other policy samples. */
  readonly keptPercent: number;
  /** The decision wait of the preset's tail sampling, e.g. "10s". */
  readonly decisionWait: string;
  /** Minimum number of spans to send; the last round of requests is completed. */
  readonly spans: number;
}

/** The results of one run, from the counters of all participants. */
export interface BenchRun {
  readonly sent: number;
  /** Spans accepted by the gateway's receiver. */
  readonly accepted: number;
  /** Lost spans by stage: refused, not queued, not sent, evicted before the decision. */
  readonly lost: Readonly<Record<string, number>>;
  /** Spans of sampled traces. */
  readonly kept: number;
  readonly arrived: number;
  /** Spans that arrived twice. */
  readonly duplicates: number;
  /** CPU time of the Collector from the first request to the last export. */
  readonly cpuSeconds: number;
  /** Time from the first request to the last response. */
  readonly sendingSeconds: number;
  /** Peak resident memory, in bytes. */
  readonly peakBytes: number;
}

/** Metrics that are 0 in a run without loss. */
const LOSS_METRICS: readonly string[] = [
  "otelcol_receiver_refused_spans_total",
  "otelcol_receiver_failed_spans_total",
  "otelcol_exporter_enqueue_failed_spans_total",
  "otelcol_exporter_send_failed_spans_total",
  "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total",
];

/**
 * Runs `gateway.yaml` on one core at full load, to the last span.
 *
 * @param binary the Collector.
 * @throws Error if a response is not 200, or spans stay without a decision.
 */
export async function runLoad(binary: string, load: BenchLoad): Promise<BenchRun> {
  const sink = await startSpanSink();
  const gateway = await CollectorInstance.start(binary, "gateway", {
    env: {
      GOMAXPROCS: "1",
      TELLTALE_COLLECTOR_BACKEND: sink.url,
      TELLTALE_COLLECTOR_DECISION_WAIT: load.decisionWait,
      TELLTALE_COLLECTOR_SAMPLE_PERCENT: String(load.keptPercent),
    },
  });
  try {
    return await measured(gateway, sink, load);
  } finally {
    await gateway.stop();
    await sink.close();
  }
}

async function measured(
  gateway: CollectorInstance,
  sink: SpanSink,
  load: BenchLoad,
): Promise<BenchRun> {
  const memory = watchMemory(gateway);
  const cpuBefore = await gateway.metric("otelcol_process_cpu_seconds_total");
  const start = performance.now();
  const sent = await send(gateway.url, load);
  const sendingSeconds = (performance.now() - start) / 1000;
  await waitUntilDrained(gateway, sink, sent / TRAFFIC_SPANS_PER_TRACE);
  const cpuAfter = await gateway.metric("otelcol_process_cpu_seconds_total");
  const peakBytes = await memory.stop();
  const losses = LOSS_METRICS.map(async (name) => [name, await gateway.metric(name)] as const);
  return {
    sent,
    accepted: await gateway.metric("otelcol_receiver_accepted_spans_total"),
    lost: Object.fromEntries(await Promise.all(losses)),
    kept: (await gateway.metric(DECIDED_METRIC, { sampled: "true" })) * TRAFFIC_SPANS_PER_TRACE,
    arrived: sink.spans,
    duplicates: sink.duplicates,
    cpuSeconds: cpuAfter - cpuBefore,
    sendingSeconds,
    peakBytes,
  };
}

/** Returns the number of accepted spans. */
async function send(url: string, { gzip, spans }: BenchLoad): Promise<number> {
  const traffic = new Traffic(gzip);
  const perRound = TRACES_PER_REQUEST * TRAFFIC_SPANS_PER_TRACE;
  const all = Math.ceil(spans / perRound) * perRound;
  let sentSpans = 0;
  const connection = async (): Promise<void> => {
    while (sentSpans < all) {
      const next = traffic.next();
      sentSpans += next.spans;
      const response = await fetch(`${url}/v1/traces`, {
        method: "POST",
        headers: traffic.headers,
        body: next.body,
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`answered ${response.status}: ${answer.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return sentSpans;
}

const DECIDED_METRIC = "otelcol_processor_tail_sampling_global_count_traces_sampled_total";

/** Waits until all traces are decided, and all sampled ones are delivered or lost. */
async function waitUntilDrained(
  gateway: CollectorInstance,
  sink: SpanSink,
  traces: number,
): Promise<void> {
  let status = "";
  await pollUntil(
    async () => {
      const decided = await gateway.metric(DECIDED_METRIC);
      const tooEarly = await gateway.metric(LOSS_METRICS.at(-1)!);
      const waiting = await gateway.metric("otelcol_exporter_queue_size");
      const sent = await gateway.metric("otelcol_exporter_sent_spans_total");
      const kept =
        (await gateway.metric(DECIDED_METRIC, { sampled: "true" })) * TRAFFIC_SPANS_PER_TRACE;
      status = `decided ${decided} of ${traces}, ${waiting} wait, ${sent} of ${kept} sent, ${sink.spans} arrived`;
      const isDone = decided + tooEarly >= traces && waiting === 0;
      return isDone && sent >= kept && sink.spans >= sent ? true : undefined;
    },
    () => `the end of the spans: ${status}`,
    DRAIN_MS,
  );
}

function watchMemory(gateway: CollectorInstance): { stop(): Promise<number> } {
  const watch = { over: false, peak: 0 };
  const look = async (): Promise<void> => {
    while (!watch.over) {
      const now = await gateway.metric("otelcol_process_memory_rss_bytes");
      watch.peak = Math.max(watch.peak, now);
      await new Promise((resolve) => setTimeout(resolve, MEMORY_EVERY_MS));
    }
  };
  const looking = look();
  return {
    async stop() {
      watch.over = true;
      await looking;
      return watch.peak;
    },
  };
}
