import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { SpanDetail, UnitDetail } from "../../../model.ts";
import { Empty } from "../../components/empty.tsx";
import { PlaceLink } from "../../components/source.tsx";
import { Query, Sql } from "../../components/sql.tsx";
import { formatMs, plural } from "../../format.ts";
import { titleOf } from "./repeated-kinds.ts";
import { TimelineLink } from "../../components/timeline-link.tsx";

interface QueriesProps {
  readonly spans: readonly SpanDetail[];
  readonly detail: UnitDetail;
}

/** Queries are rendered up to this number at first. */
const STEP = 200;

/** All queries of a request, in their order or the slowest first. */
export function QueriesTab({ spans, detail }: QueriesProps): VNode {
  const [bySpeed, setBySpeed] = useState(false);
  const [shown, setShown] = useState(STEP);
  if (spans.length === 0) return <Empty title="No queries" />;
  const sorted = spans.toSorted((a, b) =>
    bySpeed ? b.durationMs - a.durationMs : a.offsetMs - b.offsetMs,
  );
  const longest = spans.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
  const kinds = new Map(
    detail.repeated.flatMap((group) => group.spanIds.map((id) => [id, titleOf(group)] as const)),
  );
  return (
    <div class="list">
      <div class="list-tools">
        <button
          type="button"
          class="toggle"
          aria-pressed={bySpeed}
          onClick={() => setBySpeed(!bySpeed)}
        >
          Slowest first
        </button>
      </div>
      {sorted.slice(0, shown).map((span) => (
        <QueryRow key={span.spanId} span={span} longest={longest} kind={kinds.get(span.spanId)} />
      ))}
      {spans.length > shown ? (
        <button type="button" class="button" onClick={() => setShown(shown + STEP)}>
          Show more ({spans.length - shown} left)
        </button>
      ) : null}
    </div>
  );
}

interface QueryRowProps {
  readonly span: SpanDetail;
  readonly longest: number;
  readonly kind: string | undefined;
}

function QueryRow({ span, longest, kind }: QueryRowProps): VNode {
  const { query, durationMs, offsetMs, failed, place, spanId } = span;
  const [isOpen, open] = useState(false);
  return (
    <details
      class={failed ? "query-row failed" : "query-row"}
      onToggle={(event) => open(event.currentTarget.open)}
    >
      <summary>
        <span class="mono dim offset">+{formatMs(offsetMs)}</span>
        <span class="mono took">{formatMs(durationMs)}</span>
        <span class="share" aria-hidden="true">
          <span
            class="of-queries"
            style={{ width: `${longest === 0 ? 0 : (durationMs / longest) * 100}%` }}
          />
        </span>
        <Sql text={query?.text ?? span.name} system={query?.system ?? ""} isInline />
        {kind === undefined ? null : <span class="badge warning">{kind}</span>}
        {query?.rows === undefined ? null : <span class="dim">{plural(query.rows, "row")}</span>}
      </summary>
      {isOpen && query !== undefined ? (
        <div class="query-body">
          <Query query={query} />
          {place === undefined ? null : <PlaceLink place={place} />}
          <TimelineLink spanId={spanId} />
        </div>
      ) : null}
    </details>
  );
}
