import type { VNode } from "preact";
import type { ErrorDetail, SourcePlace } from "../../../model.ts";
import { Empty } from "../../components/empty.tsx";
import { Excerpt, PlaceLink } from "../../components/source.tsx";
import { copyText } from "../../state/notices.ts";
import { TimelineLink } from "../../components/timeline-link.tsx";

/** Errors with the lines of source that threw them, and the stack. */
export function ErrorsTab({ errors }: { readonly errors: readonly ErrorDetail[] }): VNode {
  if (errors.length === 0) return <Empty title="No errors" />;
  return (
    <div class="cards">
      {errors.map((error, index) => (
        <ErrorCard key={index} error={error} />
      ))}
    </div>
  );
}

function ErrorCard({ error }: { readonly error: ErrorDetail }): VNode {
  const { type, message, stack, frames, source, spanId } = error;
  return (
    <article class="card error">
      <header>
        <h2 class="bad">{type}</h2>
        <span class="space" />
        <TimelineLink spanId={spanId} />
        <button
          type="button"
          class="link"
          onClick={() => void copyText(stack ?? `${type}: ${message}`, "the error")}
        >
          copy
        </button>
      </header>
      <p class="message mono">{message}</p>
      {source === undefined ? null : <Excerpt source={source} />}
      {frames.length === 0 ? null : <Frames frames={frames} />}
      {stack === undefined ? null : (
        <details>
          <summary>Whole stack</summary>
          <pre class="stack">{stack}</pre>
        </details>
      )}
    </article>
  );
}

/** The frames of the project; all, if it has none. The whole stack has the others. */
function Frames({ frames }: { readonly frames: readonly SourcePlace[] }): VNode {
  const own = frames.filter(({ file, shown }) => shown !== file && !shown.includes("node_modules"));
  return (
    <ol class="frames" aria-label="Frames of the app">
      {(own.length > 0 ? own : frames).slice(0, 30).map((place, index) => (
        <li key={index}>
          <PlaceLink place={place} />
        </li>
      ))}
    </ol>
  );
}
