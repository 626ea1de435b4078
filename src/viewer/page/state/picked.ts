import { signal, type Signal } from "@preact/signals";
import { hashOf, navigate, type Params } from "./route.ts";
import { notify } from "./notices.ts";

/** A side of a comparison that is chosen in a list. */
export interface Picked {
  readonly kind: "request" | "route" | "run";
  readonly id: string;
  readonly label: string;
}

export const before: Signal<Picked | undefined> = signal(undefined);

export function pickBefore(picked: Picked): void {
  before.value = picked;
  notify(`${picked.label} is “before”: choose what to compare it with (b)`);
}

/** Opens the comparison of what was chosen as "before" with `after`. */
export function compareWith(after: Picked): void {
  const first = before.value;
  if (first === undefined || first.kind !== after.kind) {
    notify(`Choose another ${after.kind} as “before” first (a)`, { failed: true });
    return;
  }
  navigate(hashOf("compare", undefined, { kind: first.kind, ...sidesOf(first, after) }));
}

/** Two routes are compared in the current run. */
function sidesOf(first: Picked, after: Picked): Params {
  return first.kind === "route"
    ? { before: "current", after: "current", name: first.id, name_after: after.id }
    : { before: first.id, after: after.id };
}
