import type { VNode } from "preact";
import type { UnitDetail } from "../../../model.ts";
import { Status, TimingBar } from "../../components/figures.tsx";
import { formatDate, formatMs, formatTime } from "../../format.ts";
import { copyText } from "../../state/notices.ts";
import { offline } from "../../state/offline.ts";
import { compareWith, before, pickBefore } from "../../state/picked.ts";
import { hashOf, listHash } from "../../state/route.ts";
import { pickedOf } from "../requests/picked-unit.ts";
import { Findings, UnitName } from "../requests/unit-row.tsx";
import { agentText } from "./agent-text.ts";

interface HeaderProps {
  readonly detail: UnitDetail;
  readonly pin: () => void;
}

/** What was requested, how it ended, and where its time went. */
export function RequestHeader({ detail, pin }: HeaderProps): VNode {
  const { summary, run, timing } = detail;
  return (
    <header class="request-header">
      <div class="title-line">
        {offline === undefined ? (
          <a class="icon" href={listHash("requests")} title="Back (Esc)" aria-label="Back">
            ←
          </a>
        ) : null}
        <h1>
          <UnitName unit={summary} />
        </h1>
        <Status unit={summary} />
        <span class="big mono">{formatMs(summary.durationMs)}</span>
        <Findings unit={summary} />
        <span class="space" />
        {offline === undefined ? <Actions detail={detail} pin={pin} /> : null}
      </div>
      <div class="facts dim">
        <span>{summary.service}</span>
        <span>
          {formatDate(summary.start)} · {formatTime(summary.start)}
        </span>
        <span class="mono">
          {summary.id} ·{" "}
          <button
            type="button"
            class="link dim mono"
            title="Copy the trace id"
            onClick={() => void copyText(summary.traceId, "the trace id")}
          >
            trace {summary.traceId}
          </button>
        </span>
        {run === undefined ? null : (
          <span title={`run ${run.id}`}>
            {run.branch ?? ""} {run.commit?.slice(0, 8) ?? ""}
            {run.dirty === true ? " + changes" : ""} {run.nodeVersion ?? ""}
          </span>
        )}
      </div>
      <Timing timing={timing} />
    </header>
  );
}

const names = { queries: "Queries", cache: "Cache", calls: "Calls", code: "Code" } as const;

function Timing({ timing }: { readonly timing: UnitDetail["timing"] }): VNode | null {
  const sum = timing.reduce((total, { ms }) => total + ms, 0);
  if (sum === 0) return null;
  return (
    <div class="timing">
      <TimingBar timing={timing} />
      <ul aria-label="Time by what was waited for">
        {timing
          .filter(({ ms }) => ms > 0)
          .map(({ what, ms }) => (
            <li key={what}>
              <span class={`swatch of-${what}`} aria-hidden="true" />
              {names[what]} <b class="mono">{formatMs(ms)}</b>{" "}
              <span class="dim">{Math.round((ms / sum) * 100)}%</span>
            </li>
          ))}
      </ul>
    </div>
  );
}

function Actions({ detail, pin }: HeaderProps): VNode {
  const { summary } = detail;
  const path = `/api/requests/${encodeURIComponent(summary.id)}`;
  const picked = pickedOf(summary);
  const isOther = before.value?.kind === "request" && before.value.id !== summary.id;
  return (
    <span class="actions">
      <button type="button" class="button" aria-pressed={summary.pinned} title="s" onClick={pin}>
        {summary.pinned ? "Unpin" : "Pin"}
      </button>
      {isOther ? (
        <button type="button" class="button" title="b" onClick={() => compareWith(picked)}>
          Compare with {before.value?.id}
        </button>
      ) : (
        <button type="button" class="button" title="a" onClick={() => pickBefore(picked)}>
          Compare…
        </button>
      )}
      <a class="button" href={hashOf("requests", undefined, { name: summary.name })}>
        All of this route
      </a>
      <button
        type="button"
        class="button"
        title="c"
        onClick={() => void copyText(agentText(detail), "a description for an agent")}
      >
        Copy for an agent
      </button>
      <a class="button" href={`${path}/html`} download={`request-${summary.id}.html`}>
        HTML
      </a>
      <a class="button" href={`${path}/export`} download={`request-${summary.id}.json`}>
        JSON
      </a>
    </span>
  );
}
