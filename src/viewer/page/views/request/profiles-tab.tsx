import type { VNode } from "preact";
import type { StallDetail, UnitDetail } from "../../../model.ts";
import { PlaceLink } from "../../components/source.tsx";
import { RecordButtons } from "../../components/record-buttons.tsx";
import { formatDate, formatMs, plural } from "../../format.ts";
import { offline } from "../../state/offline.ts";
import { hashOf } from "../../state/route.ts";
import { TimelineLink } from "../../components/timeline-link.tsx";

/** Profiles of a request, stalls of the event loop, and how to record the next one. */
export function ProfilesTab({ detail }: { readonly detail: UnitDetail }): VNode {
  const { summary, profiles, stalls } = detail;
  return (
    <div class="cards">
      {profiles.map(({ id, kind, start, durationMs, overlapping, samples }) => (
        <article key={id} class="card">
          <header>
            <a href={hashOf("profiles", id)}>
              <b>{kind === "cpu" ? "CPU profile" : "Allocation profile"}</b>
            </a>
            <span class="dim">
              {formatDate(start)} · {formatMs(durationMs)} · {samples} samples
            </span>
            {overlapping > 0 ? (
              <span class="badge warning">
                {plural(overlapping, "other request")} at the same time
              </span>
            ) : null}
          </header>
        </article>
      ))}
      {stalls.map((stall, index) => (
        <Stall key={index} stall={stall} />
      ))}
      {offline === undefined ? (
        <article class="card">
          <h2>Record the next one</h2>
          <p class="dim">
            The next request of <b>{summary.name}</b> is recorded. Or request it with{" "}
            <code>?telltale=profile</code>.
          </p>
          <RecordButtons name={summary.name} />
        </article>
      ) : null}
    </div>
  );
}

function Stall({ stall }: { readonly stall: StallDetail }): VNode {
  const { durationMs, offsetMs, place, stack, spanId } = stall;
  return (
    <article class="card group warning">
      <header>
        <b>Event loop blocked for {formatMs(durationMs)}</b>
        <span class="dim">at +{formatMs(offsetMs)}</span>
        <span class="space" />
        <TimelineLink spanId={spanId} />
      </header>
      {place === undefined ? null : <PlaceLink place={place} />}
      {stack === undefined ? null : <pre class="stack">{stack}</pre>}
    </article>
  );
}
