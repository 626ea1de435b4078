import type { VNode } from "preact";
import { setParams } from "../state/route.ts";

export interface TabItem {
  readonly name: string;
  readonly title: string;
  readonly count?: number;
}

interface TabsProps {
  readonly label: string;
  readonly items: readonly TabItem[];
  readonly current: string;
}

/** Tabs that are a parameter of the page's hash. */
export function Tabs({ label, items, current }: TabsProps): VNode {
  return (
    <div class="tabs" role="tablist" aria-label={label}>
      {items.map(({ name, title, count }) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === current}
          class={count === 0 ? "tab nothing" : "tab"}
          onClick={() => setParams({ tab: name === items[0]?.name ? undefined : name })}
        >
          {title}
          {count === undefined || count === 0 ? null : <span class="tab-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}
