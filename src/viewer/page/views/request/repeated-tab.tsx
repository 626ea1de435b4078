import type { VNode } from "preact";
import type { RepeatedCalls } from "../../../model.ts";
import { Empty } from "../../components/empty.tsx";
import { Badge } from "../../components/figures.tsx";
import { PlaceLink } from "../../components/source.tsx";
import { Sql } from "../../components/sql.tsx";
import { formatMs } from "../../format.ts";
import { severityOrder, titleOf } from "./repeated-kinds.ts";
import { TimelineLink } from "../../components/timeline-link.tsx";

/** The systems whose texts are SQL are all shown alike here, as a group has only its source. */
const SQL_SYSTEM = "other_sql";

/** Groups of repeated calls with their place, cost and what to do. */
export function RepeatedTab({ groups }: { readonly groups: readonly RepeatedCalls[] }): VNode {
  if (groups.length === 0) {
    return (
      <Empty title="No repeated calls">
        <p>No query, command or request was repeated from one place. Good.</p>
      </Empty>
    );
  }
  return (
    <div class="cards">
      {groups.toSorted(severityOrder).map((group, index) => (
        <Group key={index} group={group} />
      ))}
    </div>
  );
}

function Group({ group }: { readonly group: RepeatedCalls }): VNode {
  const { count, distinct, totalMs, concurrent, severity, source, example, hint, place } = group;
  return (
    <article class={`card group ${severity}`}>
      <header>
        <Badge text={titleOf(group)} severity={severity} />
        <b class="big mono">×{count}</b>
        <span>
          {formatMs(totalMs)} in total, {formatMs(totalMs / count)} each
        </span>
        {distinct === undefined ? null : (
          <span class="dim">
            {distinct} different {distinct === 1 ? "set" : "sets"} of parameters
          </span>
        )}
        <span class="dim">{concurrent ? "at the same time" : "one after the other"}</span>
        <span class="space" />
        <TimelineLink spanId={group.spanIds[0]} />
      </header>
      {place === undefined ? (
        <p class="dim">The place in the source is unknown.</p>
      ) : (
        <p>
          <PlaceLink place={place} />
        </p>
      )}
      <Sql text={example} system={source === "sql" ? SQL_SYSTEM : source} />
      <p class="hint">{hint}</p>
    </article>
  );
}
