import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { UnitDetail } from "../../../model.ts";
import { VirtualList } from "../../components/virtual-list.tsx";
import { useKeys } from "../../state/keyboard.ts";
import { route, setParams } from "../../state/route.ts";
import { SpanPanel } from "./span-panel.tsx";
import { TimeAxis, WaterfallRowView } from "./waterfall-row.tsx";
import { timeRange, type WaterfallRow, waterfallRows } from "./waterfall-rows.ts";

/** The waterfall over all services, and what is selected in it. */
export function Timeline({ detail }: { readonly detail: UnitDetail }): VNode {
  const { params } = route.value;
  const isVerbose = params.has("verbose");
  const hasLogs = !params.has("nologs");
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(
    () => waterfallRows(detail, { isVerbose, hasLogs, toggled }),
    [detail, isVerbose, hasLogs, toggled],
  );
  const range = useMemo(() => timeRange(detail), [detail]);
  const services = useMemo(
    () => [...new Set(detail.spans.map(({ service }) => service))],
    [detail],
  );
  const selected = indexOf(rows, params.get("span") ?? detail.summary.spanId);
  const toggle = (key: string): void => setToggled(withToggled(toggled, key));
  useKeys(timelineKeys(rows, selected, toggle));
  const row = rows[selected];
  return (
    <div class="timeline">
      <div class="waterfall">
        <TimelineTools detail={detail} services={services} />
        <VirtualList
          label="Timeline"
          role="treegrid"
          items={rows}
          rowHeight={26}
          keyOf={({ key }) => key}
          selected={selected}
          header={<TimeAxis range={range} />}
          renderRow={(item, index) => (
            <WaterfallRowView
              row={item}
              range={range}
              services={services}
              isSelected={index === selected}
              toggle={() => toggle(item.key)}
            />
          )}
        />
      </div>
      {row === undefined ? null : <SpanPanel row={row} detail={detail} />}
    </div>
  );
}

function withToggled(toggled: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(toggled);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** Finds a row by its key, or the group that a span is in. */
function indexOf(rows: readonly WaterfallRow[], key: string): number {
  const exact = rows.findIndex((row) => row.key === key);
  if (exact !== -1) return exact;
  return rows.findIndex(
    (row) => row.type === "span" && row.spans.some(({ spanId }) => spanId === key),
  );
}

function timelineKeys(
  rows: readonly WaterfallRow[],
  selected: number,
  toggle: (key: string) => void,
): Readonly<Record<string, () => void>> {
  const move = (step: number) => () => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, selected + step))];
    setParams({ span: next?.key });
  };
  const setOpen = (isOpen: boolean) => () => {
    const row = rows[selected];
    if (row?.type === "span" && row.hasChildren && row.isOpen !== isOpen) toggle(row.key);
  };
  return {
    j: move(1),
    k: move(-1),
    ArrowDown: move(1),
    ArrowUp: move(-1),
    h: setOpen(false),
    l: setOpen(true),
    ArrowLeft: setOpen(false),
    ArrowRight: setOpen(true),
    v: () => toggleParam("verbose"),
  };
}

function toggleParam(name: string): void {
  setParams({ [name]: route.value.params.has(name) ? undefined : "1" });
}

interface ToolsProps {
  readonly detail: UnitDetail;
  readonly services: readonly string[];
}

function TimelineTools({ detail, services }: ToolsProps): VNode {
  const { params } = route.value;
  const hidden = detail.spans.filter(({ focused }) => !focused).length;
  return (
    <div class="list-tools">
      <button
        type="button"
        class="toggle"
        aria-pressed={params.has("verbose")}
        title="v"
        onClick={() => toggleParam("verbose")}
      >
        All spans{hidden > 0 ? ` (+${hidden})` : ""}
      </button>
      <button
        type="button"
        class="toggle"
        aria-pressed={!params.has("nologs")}
        onClick={() => toggleParam("nologs")}
      >
        Logs
      </button>
      {services.length > 1 ? (
        <ul class="services" aria-label="Services">
          {services.map((service, index) => (
            <li key={service}>
              <span class={`service-dot n${index % 6}`} aria-hidden="true" />
              {service}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
