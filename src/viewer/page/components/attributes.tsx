import type { VNode } from "preact";
import type { Attributes as AttributeValues } from "../../model.ts";
import { formatValue } from "../format.ts";

/** Attributes by name, as text. */
export function Attributes({ attributes }: { readonly attributes: AttributeValues }): VNode | null {
  const entries = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <dl class="pairs" aria-label="Attributes">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt class="mono">{name}</dt>
          <dd class="mono">{formatValue(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
