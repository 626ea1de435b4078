import type { VNode } from "preact";
import type { SourceExcerpt, SourcePlace } from "../../model.ts";
import { openPlace } from "../state/api.ts";
import { attempt, copyText } from "../state/notices.ts";
import { offline } from "../state/offline.ts";

/** A place in the source: a click opens the editor, the second button copies the path. */
export function PlaceLink({ place }: { readonly place: SourcePlace }): VNode {
  const text = `${place.shown}:${place.line}`;
  const copy = async (): Promise<void> => copyText(`${place.file}:${place.line}`, "the path");
  const open = async (): Promise<void> =>
    attempt(async () => openPlace(place), `Opened ${text} in the editor`);
  return (
    <span class="place">
      <button
        type="button"
        class="link mono"
        title={offline === undefined ? "Open in the editor" : "Copy the path"}
        onClick={() => void (offline === undefined ? open() : copy())}
      >
        {text}
      </button>
      {place.function === undefined ? null : <span class="dim mono"> {place.function}</span>}
      {offline === undefined ? (
        <button type="button" class="icon" aria-label={`Copy ${text}`} onClick={() => void copy()}>
          <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
            <path
              d="M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3"
              fill="none"
              stroke="currentColor"
              stroke-width="1.3"
              stroke-linejoin="round"
            />
          </svg>
        </button>
      ) : null}
    </span>
  );
}

/** Lines of a source file with the place marked. */
export function Excerpt({ source }: { readonly source: SourceExcerpt }): VNode {
  const { firstLine, lines, place } = source;
  return (
    <div class="excerpt">
      <PlaceLink place={place} />
      <pre>
        {lines.map((line, index) => (
          <div key={index} class={firstLine + index === place.line ? "line marked" : "line"}>
            <span class="number">{firstLine + index}</span>
            <code>{line}</code>
          </div>
        ))}
      </pre>
    </div>
  );
}
