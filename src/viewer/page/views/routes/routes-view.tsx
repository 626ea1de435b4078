import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { RouteSummary } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { Badge, Count, Duration } from "../../components/figures.tsx";
import { RecordButtons } from "../../components/record-buttons.tsx";
import { formatAgo, formatMs, formatNumber } from "../../format.ts";
import { fetchRoutes } from "../../state/api.ts";
import { useLiveLoad } from "../../state/live.ts";
import { compareWith, type Picked, pickBefore } from "../../state/picked.ts";
import { hashOf, navigate, route } from "../../state/route.ts";
import { useRowKeys } from "../../state/row-keys.ts";
import { FilterBar } from "../requests/filter-bar.tsx";
import { type Filter, queryOf } from "../requests/filter.ts";

/** Requests, messages and jobs by route or name. */
export function RoutesView(): VNode {
  const { filter } = queryOf(route.value.params);
  const [routes, setRoutes] = useState<readonly RouteSummary[]>();
  const [failure, setFailure] = useState("");
  const [sort, setSort] = useState<SortState>({ column: 0, isDescending: true });
  const load = async (): Promise<void> => {
    try {
      setRoutes(await fetchRoutes(filter));
      setFailure("");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  useLiveLoad(
    load,
    [JSON.stringify(filter)],
    2_000,
    ({ type }) => type === "unit" || type === "cleared",
  );
  const sorted = sortRoutes(routes ?? [], sort);
  const open = (index: number): void => navigate(hashOfRoute(sorted[index], filter));
  const [selected] = useRowKeys(sorted.length, open, (index) => keysOf(sorted[index]));
  return (
    <section class="view list-view">
      <FilterBar query={{ filter, sort: { key: "start", order: "desc" } }} isList={false} />
      {routes === undefined ? <Loading /> : null}
      {failure === "" ? null : <Empty title="The viewer does not answer">{failure}</Empty>}
      {routes?.length === 0 ? (
        <Empty title="No routes yet">
          <p>Routes appear with their first request. A filter may hide them.</p>
        </Empty>
      ) : null}
      {sorted.length === 0 ? null : (
        <div class="scroll">
          <table class="table routes" aria-label="Routes">
            <Header sort={sort} setSort={setSort} />
            <tbody>
              {sorted.map((one, index) => (
                <Row
                  key={`${one.kind} ${one.service} ${one.name}`}
                  summary={one}
                  isSelected={index === selected}
                  open={() => open(index)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function hashOfRoute(summary: RouteSummary | undefined, filter: Filter): string {
  return hashOf("requests", undefined, { ...filter, name: summary?.name });
}

function keysOf(summary: RouteSummary | undefined): Readonly<Record<string, () => void>> {
  if (summary === undefined) return {};
  return {
    a: () => pickBefore(pickedOf(summary)),
    b: () => compareWith(pickedOf(summary)),
  };
}

function pickedOf({ name }: RouteSummary): Picked {
  return { kind: "route", id: name, label: name };
}

interface SortState {
  readonly column: number;
  readonly isDescending: boolean;
}

interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly hint?: string;
  value(summary: RouteSummary): number | string;
}

/** The first column's initial order is by the last request. */
const columns: readonly Column[] = [
  { title: "Last", value: ({ lastStart }) => lastStart },
  { title: "Route", value: ({ name }) => name },
  { title: "Count", isNumber: true, value: ({ count }) => count },
  { title: "Failed", isNumber: true, value: ({ failed }) => failed },
  { title: "p50", isNumber: true, value: ({ p50Ms }) => p50Ms },
  { title: "p95", isNumber: true, value: ({ p95Ms }) => p95Ms },
  { title: "Max", isNumber: true, value: ({ maxMs }) => maxMs },
  {
    title: "Queries",
    isNumber: true,
    hint: "Average per request",
    value: ({ queries }) => queries,
  },
  {
    title: "Query time",
    isNumber: true,
    hint: "Average per request",
    value: ({ queryMs }) => queryMs,
  },
  { title: "N+1", hint: "Requests with an N+1", value: ({ nPlusOne }) => nPlusOne },
  { title: "Service", value: ({ service }) => service },
];

function sortRoutes(
  routes: readonly RouteSummary[],
  { column, isDescending }: SortState,
): readonly RouteSummary[] {
  const value = columns[column]?.value ?? (() => 0);
  const sign = isDescending ? -1 : 1;
  return routes.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
}

interface HeaderProps {
  readonly sort: SortState;
  readonly setSort: (sort: SortState) => void;
}

function Header({ sort, setSort }: HeaderProps): VNode {
  return (
    <thead>
      <tr>
        {columns.map(({ title, isNumber, hint }, column) => {
          const isSorted = column === sort.column;
          return (
            <th
              key={title}
              class={isNumber === true ? "number" : ""}
              title={hint ?? ""}
              aria-sort={isSorted ? (sort.isDescending ? "descending" : "ascending") : "none"}
            >
              <button
                type="button"
                class="sort"
                onClick={() =>
                  setSort({ column, isDescending: isSorted ? !sort.isDescending : true })
                }
              >
                {title}
                {isSorted ? (sort.isDescending ? " ↓" : " ↑") : ""}
              </button>
            </th>
          );
        })}
        <th>Record the next</th>
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly summary: RouteSummary;
  readonly isSelected: boolean;
  readonly open: () => void;
}

function Row({ summary, isSelected, open }: RowProps): VNode {
  const { name, kind, count, failed, p50Ms, p95Ms, maxMs, queries, queryMs, nPlusOne } = summary;
  return (
    <tr
      class={isSelected ? "selected" : ""}
      aria-selected={isSelected}
      tabIndex={-1}
      onClick={open}
    >
      <td class="dim">{formatAgo(summary.lastStart)}</td>
      <td>
        {kind === "request" ? null : <span class="method of-job">{kind} </span>}
        <a class="route" href={hashOf("requests", undefined, { name })}>
          {name}
        </a>
      </td>
      <td class="number">{formatNumber(count)}</td>
      <td class={failed > 0 ? "number bad" : "number"}>
        <Count value={failed} />
      </td>
      <td class="number mono">{formatMs(p50Ms)}</td>
      <td class="number mono">
        {formatMs(p95Ms)}
        <Spread from={p50Ms} to={p95Ms} most={maxMs} />
      </td>
      <td class="number mono dim">{formatMs(maxMs)}</td>
      <td class="number">{queries === 0 ? <Count value={0} /> : formatNumber(queries)}</td>
      <td class="number">
        <Duration ms={queryMs} />
      </td>
      <td>{nPlusOne > 0 ? <Badge text={`N+1 in ${nPlusOne}`} severity="warning" /> : null}</td>
      <td class="dim">{summary.service}</td>
      <td>
        <RecordButtons name={name} />
      </td>
    </tr>
  );
}

/** Each ten times as long is a fifth of the width, from 1 ms. */
function position(ms: number): number {
  return Math.min(1, Math.max(0, Math.log10(Math.max(ms, 1)) / 5)) * 100;
}

/** A line from p50 to p95, with a dot at the maximum. */
function Spread({ from, to, most }: { from: number; to: number; most: number }): VNode {
  const [left, right] = [position(from), position(to)];
  return (
    <span class="spread" aria-hidden="true">
      <span class="line" style={{ left: `${left}%`, width: `max(3px, ${right - left}%)` }} />
      <span class="point" style={{ left: `${position(most)}%` }} />
    </span>
  );
}
