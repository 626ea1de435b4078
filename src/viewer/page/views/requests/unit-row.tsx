import type { VNode } from "preact";
import type { UnitSummary } from "../../../model.ts";
import { Badge, Count, Duration, Status } from "../../components/figures.tsx";
import { formatMs, formatTime } from "../../format.ts";
import { hashOf, navigate, setParams } from "../../state/route.ts";
import { compareWith, before, pickBefore, type Picked } from "../../state/picked.ts";
import type { Sort, SortKey } from "./filter.ts";
import { namePartsOf } from "./unit-name.ts";
import { pickedOf } from "./picked-unit.ts";

interface Column {
  readonly title: string;
  readonly sort?: SortKey;
  readonly hint?: string;
  readonly isNumber?: boolean;
}

const columns: readonly Column[] = [
  { title: "Time", sort: "start" },
  { title: "Request" },
  { title: "Status" },
  { title: "Duration", sort: "duration", isNumber: true },
  { title: "Queries", sort: "queries", isNumber: true, hint: "Database queries" },
  { title: "Query time", sort: "queryMs", isNumber: true },
  { title: "Cache", isNumber: true, hint: "Hits and misses" },
  { title: "Calls", isNumber: true, hint: "Requests to other services" },
  { title: "Logs", isNumber: true },
  { title: "Errors", isNumber: true },
  { title: "", hint: "Findings" },
  { title: "Service" },
];

export function ListHeader({ sort }: { readonly sort: Sort }): VNode {
  return (
    <div class="row unit header" role="row">
      {columns.map(({ title, sort: key, hint, isNumber }) => {
        const isSorted = key === sort.key;
        const direction = sort.order === "asc" ? "ascending" : "descending";
        return (
          <div
            key={title}
            role="columnheader"
            class={isNumber === true ? "cell number" : "cell"}
            aria-sort={isSorted ? direction : "none"}
            title={hint ?? ""}
          >
            {key === undefined ? (
              title
            ) : (
              <button type="button" class="sort" onClick={() => sortBy(key, sort)}>
                {title}
                {isSorted ? (sort.order === "asc" ? " ↑" : " ↓") : ""}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

function sortBy(key: SortKey, sort: Sort): void {
  const order = sort.key === key && sort.order === "desc" ? "asc" : "desc";
  setParams({
    sort: key === "start" ? undefined : key,
    order: order === "desc" ? undefined : order,
  });
}

interface UnitRowProps {
  readonly unit: UnitSummary;
  readonly index: number;
  readonly isSelected: boolean;
}

/** A row of the list. The whole row is a link to the request. */
export function UnitRow({ unit, index, isSelected }: UnitRowProps): VNode {
  const { counts, failed } = unit;
  const open = (): void => {
    if (getSelection()?.isCollapsed !== false) navigate(hashOf("requests", unit.id));
  };
  const classes = ["row unit", isSelected ? "selected" : "", failed ? "failed" : ""].join(" ");
  return (
    <div
      class={classes}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      onClick={open}
    >
      <Cell text={formatTime(unit.start)} kind="time mono dim" />
      <div class="cell name" role="gridcell">
        <UnitName unit={unit} />
        <Picks unit={unit} />
      </div>
      <div class="cell" role="gridcell">
        <Status unit={unit} />
      </div>
      <div class="cell number duration" role="gridcell">
        <DurationBar ms={unit.durationMs} />
        <span class="mono">{formatMs(unit.durationMs)}</span>
      </div>
      <NumberCells unit={unit} />
      <div class={counts.errors > 0 ? "cell number bad" : "cell number"} role="gridcell">
        <Count value={counts.errors} />
      </div>
      <div class="cell badges" role="gridcell">
        <Findings unit={unit} />
      </div>
      <Cell text={unit.service} kind="dim" />
    </div>
  );
}

function Cell({ text, kind }: { readonly text: string; readonly kind: string }): VNode {
  return (
    <div class={`cell ${kind}`} role="gridcell">
      {text}
    </div>
  );
}

function NumberCells({ unit }: { readonly unit: UnitSummary }): VNode {
  const { queries, queryMs, cacheHits, cacheMisses, calls, logs } = unit.counts;
  return (
    <>
      <div class="cell number" role="gridcell">
        <Count value={queries} />
      </div>
      <div class="cell number" role="gridcell">
        <Duration ms={queryMs} />
      </div>
      <div class="cell number" role="gridcell">
        {cacheHits + cacheMisses === 0 ? (
          <span class="zero">–</span>
        ) : (
          <span title={`${cacheHits} hits, ${cacheMisses} misses`}>
            <span class="good">{cacheHits}</span>
            <span class="dim">/</span>
            <span class={cacheMisses > 0 ? "warn" : "dim"}>{cacheMisses}</span>
          </span>
        )}
      </div>
      <div class="cell number" role="gridcell">
        <Count value={calls} />
      </div>
      <div class="cell number" role="gridcell">
        <Count value={logs} />
      </div>
    </>
  );
}

/** Method and route; the path as requested follows if it differs. */
export function UnitName({ unit }: { readonly unit: UnitSummary }): VNode {
  const { method, name, path } = namePartsOf(unit);
  return (
    <span class="unit-name">
      <span class={`method of-${method.toLowerCase()}`}>{method}</span>
      <a class="route" href={hashOf("requests", unit.id)} tabIndex={-1}>
        {name}
      </a>
      {path === undefined ? null : <span class="path dim">{path}</span>}
    </span>
  );
}

/** Buttons that appear on the row under the pointer. */
function Picks({ unit }: { readonly unit: UnitSummary }): VNode {
  const picked = pickedOf(unit);
  const isBefore = before.value?.id === unit.id;
  const on = (action: (picked: Picked) => void) => (event: Event) => {
    event.stopPropagation();
    action(picked);
  };
  return (
    <span class={isBefore ? "picks chosen" : "picks"}>
      <button
        type="button"
        class="icon"
        tabIndex={-1}
        aria-pressed={isBefore}
        title="Compare: choose as before (a)"
        onClick={on(pickBefore)}
      >
        A
      </button>
      <button
        type="button"
        class="icon"
        tabIndex={-1}
        title="Compare with what was chosen as before (b)"
        onClick={on(compareWith)}
      >
        B
      </button>
    </span>
  );
}

export function Findings({ unit }: { readonly unit: UnitSummary }): VNode {
  const { nPlusOne, repeated, counts, profiles, pinned } = unit;
  return (
    <>
      {nPlusOne ? <Badge text="N+1" severity={repeated ?? "warning"} /> : null}
      {!nPlusOne && repeated !== undefined ? (
        <Badge text="repeats" severity={repeated === "error" ? "warning" : "info"} />
      ) : null}
      {counts.stalls > 0 ? (
        <Badge text="stall" severity="warning" title="The event loop was blocked" />
      ) : null}
      {profiles.length > 0 ? <Badge text="profile" severity="plain" /> : null}
      {pinned ? <Badge text="pinned" severity="plain" /> : null}
    </>
  );
}

/** Each ten times as long is a fifth of the width: 1 ms to 100 s. */
function DurationBar({ ms }: { readonly ms: number }): VNode {
  const share = Math.min(1, Math.max(0.02, Math.log10(Math.max(ms, 1)) / 5));
  const speed = ms < 100 ? "fast" : ms < 1000 ? "slow" : "slowest";
  return (
    <span class="duration-bar" aria-hidden="true">
      <span class={speed} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
