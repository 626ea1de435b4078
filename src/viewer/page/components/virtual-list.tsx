import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows above and below the visible part that are rendered too. */
const OVERSCAN = 12;

interface VirtualListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly rowHeight: number;
  readonly keyOf: (item: Item) => string;
  readonly renderRow: (item: Item, index: number) => VNode;
  /** Index of the selected row, which is scrolled into view when it changes. */
  readonly selected?: number;
  readonly role?: "grid" | "treegrid";
  readonly header?: ComponentChildren;
  /** Number of all rows, if more can be loaded. */
  readonly total?: number;
  /** Called when the last rows are nearly visible. */
  readonly onNearEnd?: () => void;
  /** Keeps the position of the scroll under this name while the page is open. */
  readonly remember?: string;
}

const positions = new Map<string, number>();

/** A table with rows of one height, of which only the visible ones are in the document. */
export function VirtualList<Item>(props: VirtualListProps<Item>): VNode {
  const { items, rowHeight, role = "grid", label, header, total = items.length } = props;
  const { ref, first, last, onScroll } = useVisibleRows(props);
  const visible = items.slice(first, last);
  return (
    <div
      class="rows"
      ref={ref}
      role={role}
      aria-label={label}
      aria-rowcount={total}
      tabIndex={0}
      onScroll={onScroll}
    >
      {header}
      <div class="rows-space" role="rowgroup" style={{ height: `${items.length * rowHeight}px` }}>
        <div class="rows-visible" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {visible.map((item, index) => (
            <Keyed key={props.keyOf(item)}>{props.renderRow(item, first + index)}</Keyed>
          ))}
        </div>
      </div>
    </div>
  );
}

function Keyed({ children }: { readonly children: ComponentChildren }): ComponentChildren {
  return children;
}

interface VisibleRows {
  readonly ref: { current: HTMLDivElement | null };
  readonly first: number;
  readonly last: number;
  onScroll(): void;
}

function useVisibleRows<Item>(props: VirtualListProps<Item>): VisibleRows {
  const { items, rowHeight, onNearEnd, remember } = props;
  const ref = useRef<HTMLDivElement>(null);
  const [part, setPart] = useState({ top: 0, height: 900 });
  const first = Math.max(0, Math.floor(part.top / rowHeight) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((part.top + part.height) / rowHeight) + OVERSCAN);

  const measure = (): void => {
    const list = ref.current;
    if (list === null) return;
    if (remember !== undefined) positions.set(remember, list.scrollTop);
    const top = Math.floor(list.scrollTop / rowHeight) * rowHeight;
    const height = list.clientHeight;
    setPart((old) => (old.top === top && old.height === height ? old : { top, height }));
  };
  useLayoutEffect(() => {
    const list = ref.current;
    if (list === null) return undefined;
    if (remember !== undefined) list.scrollTop = positions.get(remember) ?? 0;
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (last > items.length - 200) onNearEnd?.();
  }, [last, items.length]);
  useScrollToSelected(ref, props);
  return { ref, first, last, onScroll: measure };
}

function useScrollToSelected<Item>(
  ref: { current: HTMLDivElement | null },
  { selected, rowHeight, header }: VirtualListProps<Item>,
): void {
  useLayoutEffect(() => {
    const list = ref.current;
    if (list === null || selected === undefined || selected < 0) return;
    const headerHeight = header === undefined ? 0 : rowHeight;
    const top = selected * rowHeight;
    const bottom = top + rowHeight + headerHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) {
      list.scrollTop = bottom - list.clientHeight;
    }
  }, [selected]);
}
