import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { UnitSummary } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { VirtualList } from "../../components/virtual-list.tsx";
import { reconnections } from "../../state/events.ts";
import { type Keys, useKeys } from "../../state/keyboard.ts";
import { useEvents } from "../../state/live.ts";
import { compareWith, pickBefore } from "../../state/picked.ts";
import { hashOf, navigate, route, setParams } from "../../state/route.ts";
import { filterNames, queryOf } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import { pickedOf } from "./picked-unit.ts";
import { ListHeader, UnitRow } from "./unit-row.tsx";
import {
  applyEvents,
  failure,
  loadMore,
  loadUnits,
  selectedId,
  rows,
  state,
  togglePause,
  total,
} from "./units.ts";

/** The live list of requests, messages and jobs. */
export function RequestsView(): VNode {
  const { params } = route.value;
  const query = queryOf(params);
  const items = rows.value;
  const selected = items.findIndex(({ id }) => id === selectedId.value);
  useEffect(() => void loadUnits(query), [JSON.stringify(query), reconnections.value]);
  useEvents(applyEvents);
  useKeys(listKeys(items, selected));
  return (
    <section class="view list-view">
      <FilterBar query={query} />
      {items.length === 0 ? (
        <NoRequests isFiltered={filterNames.some((name) => params.has(name))} />
      ) : (
        <VirtualList
          label="Requests"
          items={items}
          total={total.value}
          rowHeight={32}
          keyOf={({ id }) => id}
          selected={selected}
          remember="requests"
          onNearEnd={() => void loadMore()}
          header={<ListHeader sort={query.sort} />}
          renderRow={(unit, index) => (
            <UnitRow unit={unit} index={index} isSelected={index === selected} />
          )}
        />
      )}
    </section>
  );
}

function listKeys(items: readonly UnitSummary[], selected: number): Keys {
  const move = (step: number): void => {
    const next = Math.min(items.length - 1, Math.max(0, selected + step));
    selectedId.value = items[next]?.id;
  };
  const withSelected = (action: (unit: UnitSummary) => void) => () => {
    const unit = items[selected];
    if (unit !== undefined) action(unit);
  };
  return {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(-items.length),
    End: () => move(items.length),
    Enter: withSelected(({ id }) => navigate(hashOf("requests", id))),
    a: withSelected((unit) => pickBefore(pickedOf(unit))),
    b: withSelected((unit) => compareWith(pickedOf(unit))),
    p: togglePause,
    e: () => toggleParam("errors"),
    n: () => toggleParam("n1"),
    "/": () => document.getElementById("filter-text")?.focus(),
  };
}

function toggleParam(name: string): void {
  setParams({ [name]: route.value.params.has(name) ? undefined : "1" });
}

function NoRequests({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  if (state.value === "loading") return <Loading />;
  if (state.value === "failed") {
    return (
      <Empty title="The viewer does not answer">
        <p>{failure.value}</p>
        <p>
          If it was started again, open the address that <code>telltale dev</code> printed.
        </p>
      </Empty>
    );
  }
  if (isFiltered) {
    const none = Object.fromEntries(filterNames.map((name) => [name, undefined]));
    return (
      <Empty title="Nothing matches">
        <p>No request matches all of these filters.</p>
        <button type="button" class="button" onClick={() => setParams(none)}>
          Remove the filters
        </button>
      </Empty>
    );
  }
  return <FirstSteps />;
}

function FirstSteps(): VNode {
  return (
    <Empty title="Waiting for the first request">
      <p>Send a request to your app: it appears here at once.</p>
      <ol>
        <li>
          Start the app with the viewer: <code>telltale dev -- node app.js</code>
        </li>
        <li>
          Or connect one that starts elsewhere:{" "}
          <code>TELLTALE_VIEWER={location.origin} node --import telltale/register app.js</code>
        </li>
        <li>
          No app at hand? <code>telltale demo</code> runs a small shop.
        </li>
      </ol>
      <p class="dim">
        Health checks and assets are hidden; the filter “noise” shows them. Press <kbd>?</kbd> for
        all keys.
      </p>
    </Empty>
  );
}
