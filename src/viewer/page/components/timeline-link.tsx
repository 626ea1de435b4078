import type { VNode } from "preact";
import { setParams } from "../state/route.ts";

/** Leads to a span in the timeline of its request; nothing without a span. */
export function TimelineLink({ spanId }: { readonly spanId: string | undefined }): VNode | null {
  if (spanId === undefined) return null;
  return (
    <button type="button" class="link" onClick={() => setParams({ tab: undefined, span: spanId })}>
      show in the timeline
    </button>
  );
}
