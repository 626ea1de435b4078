import type { ComponentChildren, VNode } from "preact";
import type { Severity, SourcePlace, UnitDetail } from "../../../model.ts";
import { PlaceLink } from "../../components/source.tsx";
import { formatMs } from "../../format.ts";
import { setParams } from "../../state/route.ts";
import { severityOrder, titleOf } from "./repeated-kinds.ts";

const MAX_SHOWN = 3;

/** The findings of a request, the worst first: errors, repeated calls, stalls. */
export function Problems({ detail }: { readonly detail: UnitDetail }): VNode | null {
  const { errors, repeated, stalls, omittedSpans } = detail;
  const grave = repeated.filter(({ severity }) => severity !== "info").toSorted(severityOrder);
  if (errors.length + grave.length + stalls.length + omittedSpans === 0) return null;
  return (
    <ul class="problems" aria-label="Findings">
      {errors.slice(0, MAX_SHOWN).map(({ type, message, frames, source }, index) => (
        <Problem key={`error ${index}`} severity="error" tab="errors">
          <b>{type}</b> <span class="ellipsis">{message}</span>
          <Place place={source?.place ?? frames[0]} />
        </Problem>
      ))}
      {grave.slice(0, MAX_SHOWN).map((group, index) => (
        <Problem key={`group ${index}`} severity={group.severity} tab="repeated">
          <b>
            {titleOf(group)} ×{group.count}
          </b>{" "}
          <span>{formatMs(group.totalMs)}</span>
          <span class="ellipsis mono dim">{group.example}</span>
          <Place place={group.place} />
        </Problem>
      ))}
      {stalls.slice(0, MAX_SHOWN).map(({ durationMs, place }, index) => (
        <Problem key={`stall ${index}`} severity="warning" tab="profiles">
          <b>Event loop blocked</b> <span>{formatMs(durationMs)}</span>
          <Place place={place} />
        </Problem>
      ))}
      {omittedSpans > 0 ? (
        <Problem severity="info" tab="timeline">
          {omittedSpans} spans are left out, as there are too many
        </Problem>
      ) : null}
    </ul>
  );
}

function Place({ place }: { readonly place: SourcePlace | undefined }): VNode | null {
  return place === undefined ? null : <PlaceLink place={place} />;
}

interface ProblemProps {
  readonly severity: Severity;
  readonly tab: string;
  readonly children: ComponentChildren;
}

function Problem({ severity, tab, children }: ProblemProps): VNode {
  return (
    <li class={`problem ${severity}`}>
      <button
        type="button"
        class="go"
        aria-label="Show"
        onClick={() => setParams({ tab: tab === "timeline" ? undefined : tab })}
      >
        {severity === "error" ? "✕" : severity === "warning" ? "▲" : "•"}
      </button>
      {children}
    </li>
  );
}
