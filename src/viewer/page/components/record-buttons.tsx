import type { VNode } from "preact";
import { recordNext } from "../state/api.ts";
import { attempt } from "../state/notices.ts";

/** Buttons that record a profile of the next request of a route. */
export function RecordButtons({ name }: { readonly name: string }): VNode {
  const record = (kind: "cpu" | "allocation") => (event: Event) => {
    event.stopPropagation();
    void attempt(async () => recordNext(kind, name), `The next ${name} is recorded`);
  };
  return (
    <span class="record">
      <button type="button" class="button" onClick={record("cpu")}>
        CPU profile
      </button>
      <button type="button" class="button" onClick={record("allocation")}>
        Allocation profile
      </button>
    </span>
  );
}
