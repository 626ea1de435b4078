import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ComparedSide, Comparison, RouteSummary, Run } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { formatDate, plural } from "../../format.ts";
import { fetchComparison, fetchRoutes, fetchRuns } from "../../state/api.ts";
import { attempt } from "../../state/notices.ts";
import { before as pickedBefore, type Picked } from "../../state/picked.ts";
import { hashOf, navigate, route, setParams } from "../../state/route.ts";
import { runLabel } from "../runs/run-label.ts";
import { RouteChange } from "./route-change.tsx";

type Kind = Picked["kind"];

const kinds: readonly { readonly kind: Kind; readonly title: string }[] = [
  { kind: "run", title: "Two runs" },
  { kind: "route", title: "Two routes" },
  { kind: "request", title: "Two requests" },
];

interface Sides {
  readonly kind: Kind;
  readonly before: string;
  readonly after: string;
  /** Routes; the second one if it is another. */
  readonly name: string;
  readonly name_after: string;
}

/** What changed between two requests, two routes or two runs. */
export function CompareView(): VNode {
  const sides = sidesOf(route.value.params);
  const [comparison, setComparison] = useState<Comparison>();
  const [failure, setFailure] = useState("");
  const isComplete =
    sides.before !== "" && sides.after !== "" && (sides.kind !== "route" || sides.name !== "");
  useEffect(() => {
    setComparison(undefined);
    setFailure("");
    if (!isComplete) return undefined;
    let isCurrent = true;
    fetchComparison({ ...sides }).then(
      (loaded) => (isCurrent ? setComparison(loaded) : undefined),
      (error: unknown) =>
        isCurrent ? setFailure(error instanceof Error ? error.message : String(error)) : undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [sides.kind, sides.before, sides.after, sides.name, sides.name_after]);
  return (
    <section class="view list-view">
      <Choices sides={sides} />
      <div class="scroll">
        {isComplete ? null : <HowTo kind={sides.kind} />}
        {failure === "" ? null : <Empty title="These can't be compared">{failure}</Empty>}
        {isComplete && failure === "" && comparison === undefined ? <Loading /> : null}
        {comparison === undefined ? null : <Result comparison={comparison} />}
      </div>
    </section>
  );
}

function sidesOf(params: URLSearchParams): Sides {
  const kind = kinds.find((known) => known.kind === params.get("kind"))?.kind ?? "run";
  const isRequest = kind === "request";
  return {
    kind,
    before: params.get("before") ?? (isRequest ? "" : "previous"),
    after: params.get("after") ?? (isRequest ? "" : "current"),
    name: params.get("name") ?? "",
    name_after: params.get("name_after") ?? "",
  };
}

function Choices({ sides }: { readonly sides: Sides }): VNode {
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [routes, setRoutes] = useState<readonly RouteSummary[]>([]);
  useEffect(() => {
    void attempt(async () => setRuns(await fetchRuns()));
    void attempt(async () => setRoutes(await fetchRoutes({})));
  }, []);
  return (
    <div class="toolbar">
      {kinds.map(({ kind, title }) => (
        <button
          key={kind}
          type="button"
          class="toggle"
          aria-pressed={kind === sides.kind}
          onClick={() => navigate(hashOf("compare", undefined, { kind }))}
        >
          {title}
        </button>
      ))}
      <span class="gap" />
      {sides.kind === "request" ? (
        <>
          <RequestField name="before" label="before" value={sides.before} />
          <RequestField name="after" label="after" value={sides.after} />
        </>
      ) : (
        <SideFields sides={sides} runs={runs} routes={routes} />
      )}
    </div>
  );
}

interface SideFieldsProps {
  readonly sides: Sides;
  readonly runs: readonly Run[];
  readonly routes: readonly RouteSummary[];
}

function SideFields({ sides, runs, routes }: SideFieldsProps): VNode {
  const names = [...new Set(routes.map(({ name }) => name))].toSorted();
  const isRoute = sides.kind === "route";
  return (
    <>
      {isRoute ? (
        <RouteField
          label="Route before"
          value={sides.name}
          names={names}
          change={(name) => setParams({ name })}
        />
      ) : null}
      <RunField name="before" value={sides.before} runs={runs} />
      <span class="dim">→</span>
      {isRoute ? (
        <RouteField
          label="Route after"
          value={sides.name_after === "" ? sides.name : sides.name_after}
          names={names}
          change={(name) => setParams({ name_after: name === sides.name ? undefined : name })}
        />
      ) : null}
      <RunField name="after" value={sides.after} runs={runs} />
    </>
  );
}

interface RunFieldProps {
  readonly name: "before" | "after";
  readonly value: string;
  readonly runs: readonly Run[];
}

function RunField({ name, value, runs }: RunFieldProps): VNode {
  const sorted = runs.toSorted((a, b) => b.start - a.start);
  const special = ["previous", "current"];
  const known = [...special, ...sorted.flatMap(({ id, baseline }) => [id, baseline ?? id])];
  return (
    <select
      aria-label={name}
      value={value}
      onChange={(event) => setParams({ [name]: event.currentTarget.value })}
    >
      <option value="previous">the run before</option>
      <option value="current">the current run</option>
      {known.includes(value) || value === "" ? null : <option value={value}>{value}</option>}
      {sorted.map((run) => (
        <option key={run.id} value={run.id}>
          {run.service}: {runLabel(run)}
        </option>
      ))}
    </select>
  );
}

interface RouteFieldProps {
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
  readonly change: (name: string) => void;
}

function RouteField({ label, value, names, change }: RouteFieldProps): VNode {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    >
      <option value="">Choose a route</option>
      {names.includes(value) || value === "" ? null : <option value={value}>{value}</option>}
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface RequestFieldProps {
  readonly name: "before" | "after";
  readonly label: string;
  readonly value: string;
}

function RequestField({ name, label, value }: RequestFieldProps): VNode {
  const picked = pickedBefore.value;
  const initial =
    value === "" && name === "before" && picked?.kind === "request" ? picked.id : value;
  return (
    <input
      aria-label={label}
      placeholder={`id of the request ${label}`}
      value={initial}
      onChange={(event) => setParams({ [name]: event.currentTarget.value.trim() })}
    />
  );
}

function HowTo({ kind }: { readonly kind: Kind }): VNode {
  return (
    <Empty title="What changed?">
      <p>
        {kind === "request"
          ? "In the list, press a on the request before the change, and b on the one after it."
          : "Choose a route, to compare it between two runs, or with another one. In the list of routes, press a on the first one and b on the second one."}
      </p>
    </Empty>
  );
}

function Result({ comparison }: { readonly comparison: Comparison }): VNode {
  const { before, after, routes } = comparison;
  const changed = routes.filter(({ change }) => change !== "same");
  const same = routes.length - changed.length;
  return (
    <>
      <div class="sides">
        <Side title="Before" side={before} />
        <span class="arrow dim">→</span>
        <Side title="After" side={after} />
      </div>
      {changed.length === 0 ? (
        <Empty title="No difference">
          <p>
            {plural(routes.length, "route")} on both sides, with the same queries and about the same
            durations.
          </p>
        </Empty>
      ) : (
        <div class="cards">
          {changed.map((one) => (
            <RouteChange key={one.name} change={one} />
          ))}
          {same > 0 ? <p class="dim">{plural(same, "route")} stayed as they were.</p> : null}
        </div>
      )}
    </>
  );
}

function Side({ title, side }: { readonly title: string; readonly side: ComparedSide }): VNode {
  const { label, run, count, kind, id } = side;
  return (
    <div class="card side">
      <h3>{title}</h3>
      {kind === "request" ? (
        <a href={hashOf("requests", id)}>{label}</a>
      ) : (
        <b class="wrap">{label}</b>
      )}
      <span class="dim">
        {run === undefined ? "" : `${formatDate(run.start)} · `}
        {plural(count, "request")}
      </span>
    </div>
  );
}
