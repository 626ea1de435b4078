import type { MetricSeries } from "../../viewer/model.ts";
import { cutText, quoteName, TEXT_LIMITS } from "./telemetry-text.ts";

/** A connection pool whose connections are all in use. */
export interface PoolView {
  readonly pool: string;
  readonly service: string;
  readonly used: number;
  readonly max?: number;
  /** Requests that wait for a connection. */
  readonly pending: number;
  readonly timeouts: number;
}

const PREFIX = "db.client.connection.";

/** Returns the pools that have no free connection while something waits, or in which waits timed out. */
export function exhaustedPools(metrics: readonly MetricSeries[]): PoolView[] {
  const pools = new Map<string, MetricSeries[]>();
  for (const series of metrics) {
    const pool = series.attributes[`${PREFIX}pool.name`];
    if (!series.name.startsWith(PREFIX) || typeof pool !== "string") continue;
    const key = `${series.service}\n${pool}`;
    const same = pools.get(key);
    if (same === undefined) pools.set(key, [series]);
    else same.push(series);
  }
  return [...pools.values()].map(poolView).filter(isExhausted);
}

function isExhausted({ used, max, pending, timeouts }: PoolView): boolean {
  return timeouts > 0 || (pending > 0 && (max === undefined || used >= max));
}

function poolView(series: readonly MetricSeries[]): PoolView {
  const latest = (name: string, state?: string): number | undefined =>
    series
      .find(
        (one) =>
          one.name === `${PREFIX}${name}` &&
          (state === undefined || one.attributes[`${PREFIX}state`] === state),
      )
      ?.points.at(-1)?.value;
  const max = latest("max");
  return {
    pool: cutText(String(series[0]?.attributes[`${PREFIX}pool.name`]), TEXT_LIMITS.name),
    service: cutText(series[0]?.service ?? "", 40),
    used: latest("count", "used") ?? 0,
    ...(max !== undefined && max > 0 && { max }),
    pending: latest("pending_requests") ?? 0,
    timeouts: latest("timeouts") ?? 0,
  };
}

export function poolLine({ pool, service, used, max, pending, timeouts }: PoolView): string {
  const limit = max === undefined ? "" : ` of ${max}`;
  return (
    `${quoteName(pool)} of ${quoteName(service)}: ${used}${limit} connections in use, ` +
    `${pending} waiting, ${timeouts} waits timed out. Connections that are not released exhaust a pool.`
  );
}
