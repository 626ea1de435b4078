import type { VNode } from "preact";
import { dismiss, notices } from "../state/notices.ts";

export function Notices(): VNode {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, failed, href }) => (
        <div key={id} class={failed ? "notice failed" : "notice"}>
          {href === undefined ? <span>{text}</span> : <a href={href}>{text}</a>}
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
