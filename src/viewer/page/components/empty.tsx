import type { ComponentChildren, VNode } from "preact";

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** What is shown where nothing is yet, with what to do. */
export function Empty({ title, children }: EmptyProps): VNode {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Loading(): VNode {
  return (
    <div class="empty" role="status">
      <p>Loading…</p>
    </div>
  );
}
