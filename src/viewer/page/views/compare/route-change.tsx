import type { VNode } from "preact";
import type { ComparedFigure, RouteComparison } from "../../../model.ts";
import { PlaceLink } from "../../components/source.tsx";
import { Sql } from "../../components/sql.tsx";
import { formatMs, formatNumber, formatRatio } from "../../format.ts";
import { hashOf } from "../../state/route.ts";

/** Smaller changes are noise. */
const MIN_RATIO = 0.05;

const severities: Readonly<Record<RouteComparison["change"], string>> = {
  slower: "error",
  faster: "good",
  new: "info",
  gone: "plain",
  changed: "warning",
  same: "plain",
};

/** What changed for one route: its figures, and its queries. */
export function RouteChange({ change }: { readonly change: RouteComparison }): VNode {
  const { name, countBefore, countAfter, p50, p95, queries, queryMs, errors, queryChanges } =
    change;
  return (
    <article class="card change">
      <header>
        <span class={`badge ${severities[change.change]}`}>{change.change}</span>
        <h2>
          <a href={hashOf("requests", undefined, { name })}>{name}</a>
        </h2>
        <span class="space" />
        <span class="dim">
          {formatNumber(countBefore)} → {formatNumber(countAfter)} requests
        </span>
      </header>
      <dl class="figures">
        <Figure
          title={countBefore + countAfter > 2 ? "p50" : "Duration"}
          figure={p50}
          format={formatMs}
        />
        {countBefore + countAfter > 2 ? (
          <Figure title="p95" figure={p95} format={formatMs} />
        ) : null}
        <Figure title="Queries" figure={queries} format={formatNumber} />
        <Figure title="Query time" figure={queryMs} format={formatMs} />
        <Figure title="Failed" figure={errors} format={formatShare} />
      </dl>
      {queryChanges.length === 0 ? null : (
        <ul class="query-changes" aria-label="Queries that changed">
          {queryChanges.map((one) => (
            <QueryChange key={`${one.change} ${one.fingerprint}`} change={one} />
          ))}
        </ul>
      )}
    </article>
  );
}

function formatShare(share: number): string {
  return `${formatNumber(share * 100)}%`;
}

interface FigureProps {
  readonly title: string;
  readonly figure: ComparedFigure;
  readonly format: (value: number) => string;
}

function Figure({ title, figure, format }: FigureProps): VNode {
  const { before, after, ratio } = figure;
  const isSame = before === after || Math.abs(ratio ?? 1) < MIN_RATIO;
  const colour = isSame ? "dim" : after > before ? "bad" : "good";
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <span class="mono dim">{format(before)}</span> <span class="dim">→</span>{" "}
        <b class="mono">{format(after)}</b>{" "}
        {before === after ? null : <span class={colour}>{formatRatio(ratio)}</span>}
      </dd>
    </div>
  );
}

function QueryChange(props: { readonly change: RouteComparison["queryChanges"][number] }): VNode {
  const { change, example, place, perUnitBefore, perUnitAfter, msBefore, msAfter } = props.change;
  const isBetter = change === "gone" || change === "fewer" || change === "faster";
  return (
    <li>
      <span class={`badge ${isBetter ? "good" : "warning"}`}>{change}</span>
      <Sql text={example} system="other_sql" isInline />
      <span class="dim mono">
        {formatNumber(perUnitBefore)} → {formatNumber(perUnitAfter)} per request,{" "}
        {formatMs(msBefore)} → {formatMs(msAfter)} each
      </span>
      {place === undefined ? null : <PlaceLink place={place} />}
    </li>
  );
}
