import type { VNode } from "preact";
import type { SpanDetail, UnitDetail } from "../../../model.ts";
import { Attributes } from "../../components/attributes.tsx";
import { levelClass } from "../../components/log-line.tsx";
import { PlaceLink } from "../../components/source.tsx";
import { Query } from "../../components/sql.tsx";
import { formatMs } from "../../format.ts";
import { titleOf } from "./repeated-kinds.ts";
import type { LogRow, SpanRow, StallRow, WaterfallRow } from "./waterfall-rows.ts";

interface PanelProps {
  readonly row: WaterfallRow;
  readonly detail: UnitDetail;
}

/** Details of the selected row. */
export function SpanPanel({ row }: PanelProps): VNode {
  return (
    <aside class="panel" aria-label="Details of the selected row">
      {row.type === "span" ? <SpanFacts row={row} /> : null}
      {row.type === "log" ? <LogFacts row={row} /> : null}
      {row.type === "stall" ? <StallFacts row={row} /> : null}
    </aside>
  );
}

function SpanFacts({ row }: { readonly row: SpanRow }): VNode {
  const { span, spans, group } = row;
  const { name, kind, service, query, place, statusMessage } = span;
  return (
    <>
      <h2 class="mono">{name}</h2>
      <p class="dim">
        {service} · {kind}
      </p>
      {group === undefined || spans.length < 2 ? null : (
        <div class={`card group ${group.severity}`}>
          <b>
            {titleOf(group)} ×{spans.length}, {formatMs(totalOf(spans))} in total
          </b>
          <span class="dim">Below is the first one.</span>
          <p class="hint">{group.hint}</p>
        </div>
      )}
      <SpanTimes span={span} />
      {statusMessage === undefined ? null : <p class="bad mono">{statusMessage}</p>}
      {place === undefined ? null : (
        <p>
          <PlaceLink place={place} />
        </p>
      )}
      {query === undefined ? null : <Query query={query} />}
      {span.events.length === 0 ? null : <Events span={span} />}
      <h3>Attributes</h3>
      <Attributes attributes={withoutShown(span)} />
    </>
  );
}

/** Attributes that the panel has not shown already. */
function withoutShown({ attributes, query, place }: SpanDetail): SpanDetail["attributes"] {
  const shown = (name: string): boolean =>
    (place !== undefined && name.startsWith("code.")) ||
    (query !== undefined && (name === "db.query.text" || name === "db.query.summary"));
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !shown(name)));
}

function totalOf(spans: readonly SpanDetail[]): number {
  return spans.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function SpanTimes({ span }: { readonly span: SpanDetail }): VNode {
  return (
    <dl class="times">
      <div>
        <dt>Start</dt>
        <dd class="mono">+{formatMs(span.offsetMs)}</dd>
      </div>
      <div>
        <dt>Duration</dt>
        <dd class="mono">{formatMs(span.durationMs)}</dd>
      </div>
      <div>
        <dt>Own time</dt>
        <dd class="mono">{formatMs(span.selfMs)}</dd>
      </div>
    </dl>
  );
}

function Events({ span }: { readonly span: SpanDetail }): VNode {
  return (
    <>
      <h3>Events</h3>
      {span.events.slice(0, 100).map((event, index) => (
        <details key={index} class="event">
          <summary>
            <span class="mono dim">+{formatMs(event.offsetMs)}</span> {event.name}
          </summary>
          <Attributes attributes={event.attributes} />
        </details>
      ))}
    </>
  );
}

function LogFacts({ row }: { readonly row: LogRow }): VNode {
  const { log } = row;
  return (
    <>
      <h2>
        <span class={`level of-${levelClass(log)}`}>{log.level}</span>
      </h2>
      <p class="dim">
        {log.service}
        {log.logger === undefined ? "" : ` · ${log.logger}`}
      </p>
      <pre class="message">{log.message}</pre>
      <Attributes attributes={log.attributes} />
    </>
  );
}

function StallFacts({ row }: { readonly row: StallRow }): VNode {
  const { durationMs, place, stack } = row.stall;
  return (
    <>
      <h2>Event loop blocked</h2>
      <p>For {formatMs(durationMs)} no other request could go on.</p>
      {place === undefined ? null : (
        <p>
          <PlaceLink place={place} />
        </p>
      )}
      {stack === undefined ? null : <pre class="stack">{stack}</pre>}
    </>
  );
}
