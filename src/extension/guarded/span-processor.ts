import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import type { ExtensionReport } from "../report.ts";
import { Recursion } from "./recursion.ts";

const INSTEAD = "it misses this span";

/** A processor may start a few spans of its own. */
const MAX_DEPTH = 10;

/** Returns a processor that never throws. The promise of a flush may reject. */
export function guardedSpanProcessor(
  processor: SpanProcessor,
  what: string,
  report: ExtensionReport,
): SpanProcessor {
  const recursion = new Recursion(MAX_DEPTH);
  const call = (method: string, work: () => void): void => {
    recursion.run(() => report.guard(`${what}.${method}`, INSTEAD, work));
  };
  return {
    onStart: (span, context) => call("onStart", () => processor.onStart(span, context)),
    // Optional in the SDK, and absent before its version 2.
    ...(typeof processor.onEnding === "function" && {
      onEnding: (span) => call("onEnding", () => processor.onEnding?.(span)),
    }),
    onEnd: (span) => call("onEnd", () => processor.onEnd(span)),
    forceFlush: async () => {
      await report.guard(`${what}.forceFlush`, "what it has not exported is lost", () =>
        processor.forceFlush?.(),
      );
    },
    shutdown: async () => {},
  };
}
