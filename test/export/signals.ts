import type { MetricReader } from "@opentelemetry/sdk-metrics";
import type { OtlpConfig } from "../../src/config/config.ts";
import { Account } from "../../src/diagnostics/account.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createLogBatch, createSpanBatch } from "../../src/export/item-batch.ts";
import { createMetricSender } from "../../src/export/otlp.ts";
import type { RetryPolicy } from "../../src/export/retry.ts";
import { Push } from "../../src/metrics/push.ts";
import { batchConfig } from "./pipeline.ts";
import { collectMetrics, makeLog, makeSpan } from "./telemetry.ts";

/** One signal's way to OTLP, whichever it is. */
export interface SignalPipe {
  readonly account: Account;
  readonly lines: string[];
  /** What its account's `queued` must come to. */
  readonly queued: number;
  /** Makes `MADE` items (of metrics: as many data points as there are), and sends them. */
  send(): Promise<void>;
}

export const MADE = 3;

type Create = (otlp: OtlpConfig, retry: RetryPolicy) => SignalPipe;

/** All signals that go over OTLP. */
export const signals: Readonly<Record<string, Create>> = {
  spans: (otlp, retry) => {
    const shared = create(otlp, retry);
    const batch = createSpanBatch(shared);
    return pipe(shared, batch, () => {
      for (let index = 0; index < MADE; index++) batch.add(makeSpan(index));
      shared.account.made += MADE;
    });
  },
  "log records": (otlp, retry) => {
    const shared = create(otlp, retry);
    const batch = createLogBatch(shared);
    return pipe(shared, batch, () => {
      for (let index = 0; index < MADE; index++) batch.add({ finished: () => makeLog(index) });
      shared.account.made += MADE;
    });
  },
  "data points": (otlp, retry) => {
    const { account, diagnostics, lines } = create(otlp, retry);
    const push = new Push({
      intervalMs: 60_000,
      timeoutMs: batchConfig.exportTimeoutMs,
      account,
      diagnostics,
      sender: () => createMetricSender(otlp, diagnostics, retry),
      collect: async (): ReturnType<MetricReader["collect"]> => ({
        resourceMetrics: await collectMetrics(),
        errors: [],
      }),
      collectNow: () => {
        throw new Error("not at the end");
      },
    });
    return pipe({ account, lines }, push, () => {});
  },
};

interface Shared {
  readonly config: typeof batchConfig;
  readonly otlp: OtlpConfig;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  readonly retry: RetryPolicy;
  readonly lines: string[];
}

function create(otlp: OtlpConfig, retry: RetryPolicy): Shared {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  return { config: batchConfig, otlp, account: new Account(), diagnostics, retry, lines };
}

function pipe(
  { account, lines }: Pick<Shared, "account" | "lines">,
  pipeline: { readonly queued: number; flush(timeoutMs: number): Promise<void> },
  make: () => void,
): SignalPipe {
  return {
    account,
    lines,
    get queued() {
      return pipeline.queued;
    },
    send: async () => {
      make();
      await pipeline.flush(20_000);
    },
  };
}
