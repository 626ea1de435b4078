import {
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { runSuppressed } from "../context/manager.ts";
import type { ExtensionReport } from "./report.ts";

/** Creates the SDK's processor, which exports sampled spans in batches. */
export function createBatchSpanProcessor(
  exporter: unknown,
  report: ExtensionReport,
): SpanProcessor {
  return new BatchSpanProcessor({ exporter: guardedExporter(exporter as SpanExporter, report) });
}

/** An exporter that throws loses its batch. */
function guardedExporter(own: SpanExporter, report: ExtensionReport): SpanExporter {
  const FAILED = 1;
  return {
    export(spans, onResult) {
      let failed = true;
      report.guard("traceExporter.export", "these spans are lost", () => {
        const result: unknown = runSuppressed(() => own.export(spans, onResult));
        failed = false;
        return result;
      });
      if (failed) onResult({ code: FAILED });
    },
    forceFlush: async () => own.forceFlush?.(),
    shutdown: async () => own.shutdown?.(),
  };
}
