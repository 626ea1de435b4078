import type { VNode } from "preact";
import type { SpanDetail, UnitDetail } from "../../../model.ts";
import { Empty } from "../../components/empty.tsx";
import { PlaceLink } from "../../components/source.tsx";
import { formatMs } from "../../format.ts";

/** Rows of a table are rendered up to this number. */
const MAX_ROWS = 1_000;

interface SpansProps {
  readonly spans: readonly SpanDetail[];
}

/** Requests to other services. */
export function CallsTab({ spans }: SpansProps): VNode {
  if (spans.length === 0) return <Empty title="No calls of other services" />;
  return (
    <table class="table">
      <thead>
        <tr>
          <th>At</th>
          <th>Method</th>
          <th>Address</th>
          <th class="number">Status</th>
          <th class="number">Duration</th>
          <th>From</th>
        </tr>
      </thead>
      <tbody>
        {spans.slice(0, MAX_ROWS).map(({ spanId, offsetMs, durationMs, call, failed, place }) => (
          <tr key={spanId} class={failed ? "failed" : ""}>
            <td class="mono dim">+{formatMs(offsetMs)}</td>
            <td class="mono">{call?.method}</td>
            <td class="mono wrap">{call?.url}</td>
            <td class="number mono">{call?.status ?? (failed ? "failed" : "–")}</td>
            <td class="number mono">{formatMs(durationMs)}</td>
            <td>{place === undefined ? null : <PlaceLink place={place} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Operations of caches. */
export function CacheTab({ spans }: SpansProps): VNode {
  if (spans.length === 0) return <Empty title="No operations of a cache" />;
  return (
    <table class="table">
      <thead>
        <tr>
          <th>At</th>
          <th>Operation</th>
          <th>Key</th>
          <th>Result</th>
          <th class="number">Duration</th>
          <th>From</th>
        </tr>
      </thead>
      <tbody>
        {spans.slice(0, MAX_ROWS).map(({ spanId, offsetMs, durationMs, cache, failed, place }) => (
          <tr key={spanId} class={failed ? "failed" : ""}>
            <td class="mono dim">+{formatMs(offsetMs)}</td>
            <td class="mono">{cache?.operation}</td>
            <td class="mono wrap">{cache?.key ?? "–"}</td>
            <td class={cache?.hit === true ? "good" : cache?.hit === false ? "warn" : "dim"}>
              {cache?.hit === undefined ? "–" : cache.hit ? "hit" : "miss"}
            </td>
            <td class="number mono">{formatMs(durationMs)}</td>
            <td>{place === undefined ? null : <PlaceLink place={place} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Headers of the request and the response. Secrets are masked in the app. */
export function HeadersTab({ detail }: { readonly detail: UnitDetail }): VNode {
  return (
    <div class="columns">
      <Headers title="Request headers" headers={detail.requestHeaders} />
      <Headers title="Response headers" headers={detail.responseHeaders} />
    </div>
  );
}

interface HeadersProps {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
}

function Headers({ title, headers }: HeadersProps): VNode {
  const entries = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <section class="card">
      <h2>{title}</h2>
      {entries.length === 0 ? (
        <p class="dim">None were recorded.</p>
      ) : (
        <dl class="pairs">
          {entries.map(([name, value]) => (
            <div key={name}>
              <dt class="mono">{name}</dt>
              <dd class="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
