import type { VNode } from "preact";
import { levelClass } from "../../components/log-line.tsx";
import { formatMs } from "../../format.ts";
import { setParams } from "../../state/route.ts";
import { titleOf } from "./repeated-kinds.ts";
import {
  categoryOf,
  labelOf,
  type LogRow,
  type SpanRow,
  type StallRow,
  type TimeRange,
  type WaterfallRow,
} from "./waterfall-rows.ts";

/** Bars of a group are drawn up to this number. */
const MAX_BARS = 300;

const ticks: readonly number[] = [0, 0.25, 0.5, 0.75];

export function TimeAxis({ range }: { readonly range: TimeRange }): VNode {
  return (
    <div class="row span-row header" role="row">
      <div class="cell" role="columnheader">
        Span
      </div>
      <div class="cell number" role="columnheader">
        Duration
      </div>
      <div class="cell axis" role="columnheader" aria-label="Time">
        {ticks.map((tick) => (
          <span key={tick} class="tick" style={{ left: `${tick * 100}%` }}>
            {formatMs(tick * (range.end - range.start))}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps<Row extends WaterfallRow> {
  readonly row: Row;
  readonly range: TimeRange;
  readonly services: readonly string[];
  readonly isSelected: boolean;
  readonly toggle: () => void;
}

export function WaterfallRowView(props: RowProps<WaterfallRow>): VNode {
  const { row, isSelected } = props;
  const failed = row.type === "span" && row.spans.some((span) => span.failed);
  const classes = [
    `row span-row ${row.type}`,
    isSelected ? "selected" : "",
    failed ? "failed" : "",
  ];
  return (
    <div
      class={classes.join(" ")}
      role="row"
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      {...(row.type === "span" && row.hasChildren ? { "aria-expanded": row.isOpen } : {})}
      onClick={() => setParams({ span: row.key })}
    >
      {row.type === "span" ? <SpanCells {...props} row={row} /> : null}
      {row.type === "log" ? <LogCells {...props} row={row} /> : null}
      {row.type === "stall" ? <StallCells {...props} row={row} /> : null}
    </div>
  );
}

function SpanCells({ row, range, services, toggle }: RowProps<SpanRow>): VNode {
  const { span, spans, group, depth, hasChildren, isOpen } = row;
  const total = spans.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const category = categoryOf(span);
  return (
    <>
      <div class="cell label" role="gridcell" style={{ paddingLeft: `${8 + depth * 14}px` }}>
        {hasChildren ? (
          <button
            type="button"
            class="caret"
            tabIndex={-1}
            aria-label={isOpen ? "Collapse" : "Expand"}
            onClick={(event) => {
              event.stopPropagation();
              toggle();
            }}
          >
            {isOpen ? "▾" : "▸"}
          </button>
        ) : (
          <span class="caret" />
        )}
        {services.length > 1 ? (
          <span class={`service-dot n${services.indexOf(span.service) % 6}`} title={span.service} />
        ) : null}
        {group === undefined ? null : (
          <span class={`badge ${group.severity}`}>
            {titleOf(group)} ×{spans.length}
          </span>
        )}
        <span class={`ellipsis label-of-${category}`}>{labelOf(span).slice(0, 300)}</span>
      </div>
      <div class="cell number mono" role="gridcell">
        {formatMs(total)}
      </div>
      <div class="cell bars" role="gridcell">
        {spans.slice(0, MAX_BARS).map((one) => (
          <span
            key={one.spanId}
            class={`bar of-${category}${one.failed ? " failed" : ""}`}
            style={positionOf(one, range)}
          />
        ))}
      </div>
    </>
  );
}

function LogCells({ row, range }: RowProps<LogRow>): VNode {
  const { log, depth } = row;
  const kind = levelClass(log);
  return (
    <>
      <div class="cell label" role="gridcell" style={{ paddingLeft: `${8 + depth * 14}px` }}>
        <span class="caret" />
        <span class={`level of-${kind}`}>{log.level}</span>
        <span class="ellipsis dim">{log.message.slice(0, 300)}</span>
      </div>
      <div class="cell" role="gridcell" />
      <div class="cell bars" role="gridcell">
        <span
          class={`mark of-${kind}`}
          style={positionOf({ offsetMs: log.offsetMs ?? range.start, durationMs: 0 }, range)}
        />
      </div>
    </>
  );
}

function StallCells({ row, range }: RowProps<StallRow>): VNode {
  const { stall, depth } = row;
  return (
    <>
      <div class="cell label" role="gridcell" style={{ paddingLeft: `${8 + depth * 14}px` }}>
        <span class="caret" />
        <span class="badge warning">stall</span>
        <span class="ellipsis">
          event loop blocked
          {stall.place === undefined ? "" : ` at ${stall.place.shown}:${stall.place.line}`}
        </span>
      </div>
      <div class="cell number mono" role="gridcell">
        {formatMs(stall.durationMs)}
      </div>
      <div class="cell bars" role="gridcell">
        <span class="bar of-stall" style={positionOf(stall, range)} />
      </div>
    </>
  );
}

function positionOf(
  { offsetMs, durationMs }: { readonly offsetMs: number; readonly durationMs: number },
  { start, end }: TimeRange,
): { left: string; width: string } {
  const whole = end - start;
  const left = Math.min(1, Math.max(0, (offsetMs - start) / whole));
  const width = Math.min(1 - left, durationMs / whole);
  return { left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` };
}
