import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { clearUnits } from "../../state/api.ts";
import { status } from "../../state/live.ts";
import { attempt } from "../../state/notices.ts";
import { setParams } from "../../state/route.ts";
import type { FilterName, ListQuery } from "./filter.ts";
import { isPaused, keptUnits, rows, togglePause, total } from "./units.ts";

const statuses: readonly string[] = ["2xx", "3xx", "4xx", "5xx"];

const kinds: readonly { readonly value: string; readonly title: string }[] = [
  { value: "", title: "All kinds" },
  { value: "request", title: "Requests" },
  { value: "message", title: "Messages" },
  { value: "job", title: "Jobs" },
];

/** The filters of the list; `isList` is false for the routes, which have no rows to pause. */
export function FilterBar(props: { readonly query: ListQuery; readonly isList?: boolean }): VNode {
  const { filter } = props.query;
  const isList = props.isList ?? true;
  const services = status.value?.services ?? [];
  return (
    <div class="toolbar" role="search">
      <TextFilter
        name="text"
        id="filter-text"
        placeholder="Filter by text ( / )"
        value={filter.text}
      />
      <Choice name="status" label="Status" value={filter.status} none="Any status" all={statuses} />
      {services.length > 1 || filter.service !== undefined ? (
        <Choice
          name="service"
          label="Service"
          value={filter.service}
          none="All services"
          all={services}
        />
      ) : null}
      <select
        aria-label="Kind"
        value={filter.kind ?? ""}
        onChange={(event) => setFilter("kind", event.currentTarget.value)}
      >
        {kinds.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      <TextFilter
        name="min_ms"
        placeholder="≥ ms"
        label="Least duration in ms"
        value={filter.min_ms}
        isNarrow
      />
      <TextFilter
        name="max_ms"
        placeholder="≤ ms"
        label="Greatest duration in ms"
        value={filter.max_ms}
        isNarrow
      />
      <TextFilter
        name="attribute"
        placeholder="attribute:value"
        label="An attribute of a span, key:value"
        value={filter.attribute}
      />
      <Toggle name="errors" title="Errors" value={filter.errors} />
      <Toggle name="n1" title="N+1" value={filter.n1} />
      <Toggle
        name="noise"
        title="Noise"
        value={filter.noise}
        hint="Show health checks and assets"
      />
      <ActiveFilter name="name" title="route" value={filter.name} />
      <ActiveFilter name="run" title="run" value={filter.run} />
      <span class="space" />
      {isList ? <ListActions /> : null}
    </div>
  );
}

function setFilter(name: FilterName, value: string): void {
  setParams({ [name]: value === "" ? undefined : value });
}

interface TextFilterProps {
  readonly name: FilterName;
  readonly placeholder: string;
  readonly value: string | undefined;
  readonly id?: string;
  readonly label?: string;
  readonly isNarrow?: boolean;
}

/** A field that filters while it is typed into. */
function TextFilter(props: TextFilterProps): VNode {
  const { name, placeholder, value = "", id = `filter-${name}`, label = placeholder } = props;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = (text: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setFilter(name, text.trim()), 200);
  };
  return (
    <input
      id={id}
      class={props.isNarrow === true ? "narrow" : ""}
      type="search"
      autocomplete="off"
      spellcheck={false}
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onInput={(event) => change(event.currentTarget.value)}
    />
  );
}

function Choice(props: {
  readonly name: FilterName;
  readonly label: string;
  readonly none: string;
  readonly value: string | undefined;
  readonly all: readonly string[];
}): VNode {
  const { name, label, none, value = "", all } = props;
  const known = value === "" || all.includes(value) ? all : [value, ...all];
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => setFilter(name, event.currentTarget.value)}
    >
      <option value="">{none}</option>
      {known.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}

function Toggle(props: {
  readonly name: FilterName;
  readonly title: string;
  readonly value: string | undefined;
  readonly hint?: string;
}): VNode {
  const isOn = props.value !== undefined;
  return (
    <button
      type="button"
      class="toggle"
      aria-pressed={isOn}
      title={props.hint ?? `Only with ${props.title}`}
      onClick={() => setFilter(props.name, isOn ? "" : "1")}
    >
      {props.title}
    </button>
  );
}

/** A filter that was set by a link. */
function ActiveFilter(props: {
  readonly name: FilterName;
  readonly title: string;
  readonly value: string | undefined;
}): VNode | null {
  const { name, title, value } = props;
  if (value === undefined) return null;
  return (
    <button type="button" class="toggle" aria-pressed onClick={() => setFilter(name, "")}>
      {title}: {value} ×
    </button>
  );
}

function ListActions(): VNode {
  const [isAsking, ask] = useState(false);
  const clear = (): void => {
    ask(false);
    void attempt(clearUnits, "Cleared; pinned requests and baselines stay");
  };
  return (
    <>
      <span class="dim count" aria-live="off">
        {formatNumber(rows.value.length)} of {formatNumber(total.value)}
      </span>
      <button type="button" class="button" aria-pressed={isPaused.value} onClick={togglePause}>
        {isPaused.value
          ? `Resume${keptUnits.value > 0 ? ` (${keptUnits.value} new)` : ""}`
          : "Pause"}
      </button>
      {isAsking ? (
        <>
          <button type="button" class="button danger" onClick={clear}>
            Clear all
          </button>
          <button type="button" class="button" onClick={() => ask(false)}>
            Keep
          </button>
        </>
      ) : (
        <button type="button" class="button" onClick={() => ask(true)}>
          Clear
        </button>
      )}
    </>
  );
}
