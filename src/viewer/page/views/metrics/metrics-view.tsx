import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { MetricSeries } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { fetchMetrics } from "../../state/api.ts";
import { reconnections } from "../../state/events.ts";
import { useKeys } from "../../state/keyboard.ts";
import { status } from "../../state/live.ts";
import { route, setParams } from "../../state/route.ts";
import { Chart, seriesColour } from "./chart.tsx";
import {
  formatUnit,
  groupMetrics,
  lastValue,
  type MetricGroup,
  seriesLabel,
} from "./metric-groups.ts";

/** Metrics have no events, as they come at their own interval. */
const REFRESH_MS = 5_000;

/** More lines would share colours. */
const MAX_LINES = 6;

/** The metrics of the services as small live charts. */
export function MetricsView(): VNode {
  const { params } = route.value;
  const service = params.get("service") ?? "";
  const text = params.get("text") ?? "";
  const series = useMetrics(service);
  const groups = groupMetrics(series ?? []).filter(({ name, description }) =>
    `${name} ${description}`.toLowerCase().includes(text.toLowerCase()),
  );
  useKeys({ "/": () => document.getElementById("metric-text")?.focus() });
  return (
    <section class="view list-view">
      <div class="toolbar" role="search">
        <input
          id="metric-text"
          type="search"
          aria-label="Filter by name"
          placeholder="Filter by name ( / )"
          value={text}
          onInput={(event) => setParams({ text: event.currentTarget.value })}
        />
        <select
          aria-label="Service"
          value={service}
          onChange={(event) => setParams({ service: event.currentTarget.value })}
        >
          <option value="">All services</option>
          {(status.value?.services ?? []).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div class="scroll">
        {series === undefined ? <Loading /> : null}
        {series !== undefined && groups.length === 0 ? (
          <Empty title="No metrics yet">
            <p>
              The app sends its metrics every few seconds: the event loop, memory, requests, pools,
              and your own counters.
            </p>
          </Empty>
        ) : null}
        <div class="charts">
          {groups.map((group) => (
            <MetricCard key={group.key} group={group} />
          ))}
        </div>
      </div>
    </section>
  );
}

function useMetrics(service: string): readonly MetricSeries[] | undefined {
  const [series, setSeries] = useState<readonly MetricSeries[]>();
  useEffect(() => {
    const load = async (): Promise<void> => {
      const loaded = await fetchMetrics({ service }).catch(() => undefined);
      if (loaded !== undefined) setSeries(loaded);
    };
    void load();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [service, reconnections.value]);
  return series;
}

function MetricCard({ group }: { readonly group: MetricGroup }): VNode {
  const { name, unit, description, service, statistic, series } = group;
  const shown = series
    .toSorted((a, b) => (lastValue(b) ?? 0) - (lastValue(a) ?? 0))
    .slice(0, MAX_LINES);
  return (
    <article class="card metric">
      <header>
        <h2 class="mono" title={description}>
          {name}
        </h2>
        {statistic === "value" ? null : (
          <span class="dim">{statistic === "rate" ? "per second" : "mean"}</span>
        )}
        <span class="space" />
        <span class="dim">{service}</span>
      </header>
      <Chart series={shown} unit={unit} />
      <ul class="legend">
        {shown.map((one, index) => (
          <li key={seriesLabel(one)}>
            <span class={`swatch ${seriesColour(index)}`} aria-hidden="true" />
            {seriesLabel(one) === "" ? null : <span class="ellipsis">{seriesLabel(one)}</span>}
            <b class="mono">
              {formatUnit(lastValue(one) ?? 0, unit)}
              {statistic === "rate" ? "/s" : ""}
            </b>
          </li>
        ))}
        {series.length > MAX_LINES ? (
          <li class="dim">{series.length - MAX_LINES} smaller ones are left out</li>
        ) : null}
      </ul>
    </article>
  );
}
