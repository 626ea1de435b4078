import { trace } from "@opentelemetry/api";
import { isThenable } from "../../thenable.ts";
import { version } from "../../version.ts";
import type { MonitorConfig } from "../../api.ts";
import type { SentryBinding } from "../api.ts";

type Binding = Pick<SentryBinding, "captureCheckIn" | "withIsolationScope">;

/**
 * Implements Sentry's `withMonitor` for any client. A failed check-in does not affect
 * `work`. The last check-in has the settings of the monitor too: if the first one is lost
 * or arrives later, the last one creates the monitor.
 */
export function runMonitored<R>(
  sentry: Binding,
  monitorSlug: string,
  work: () => R,
  config: MonitorConfig | undefined,
): R {
  const run = (): R => runWithCheckIns(sentry, monitorSlug, work, config);
  return sentry.withIsolationScope(() =>
    config?.isolateTrace === true ? runInNewTrace(monitorSlug, run) : run(),
  );
}

function runWithCheckIns<R>(
  sentry: Binding,
  monitorSlug: string,
  work: () => R,
  config: MonitorConfig | undefined,
): R {
  const checkInId = sentry.captureCheckIn({ monitorSlug, status: "in_progress" }, config);
  const start = performance.now();
  return callAndThen(work, (isFailed) => {
    const status = isFailed ? "error" : "ok";
    const duration = (performance.now() - start) / 1000;
    const checkIn = { monitorSlug, status, duration } as const;
    const id = checkInId === undefined ? undefined : { checkInId };
    sentry.captureCheckIn({ ...checkIn, ...id }, config);
  });
}

/** Runs `work` under a root span, as another SDK has one for each run of a job. */
function runInNewTrace<R>(name: string, work: () => R): R {
  const tracer = trace.getTracer("telltale/monitors", version);
  return tracer.startActiveSpan(name, { root: true }, (span) =>
    callAndThen(work, (isFailed) => {
      if (isFailed) span.setStatus({ code: ERROR_STATUS });
      span.end();
    }),
  );
}

/** `SpanStatusCode.ERROR`. */
const ERROR_STATUS = 2;

/**
 * Calls `work`, and `onEnd` when it has ended: at once, or with the promise that it
 * returns. As in Sentry 11 the result is that promise's `then`, so that a rejection that
 * the caller does not handle stays unhandled.
 */
function callAndThen<R>(work: () => R, onEnd: (isFailed: boolean) => void): R {
  let result: R | undefined;
  let isPending = false;
  let isFailed = true;
  try {
    result = work();
    isFailed = false;
    isPending = isThenable(result);
  } finally {
    // Without a `catch`, which Node would show as the place where an error was thrown.
    if (!isPending) onEnd(isFailed);
  }
  if (!isPending) return result;
  return (result as R & PromiseLike<unknown>).then(
    (value) => {
      onEnd(false);
      return value;
    },
    (error: unknown) => {
      onEnd(true);
      throw error;
    },
  ) as R;
}
