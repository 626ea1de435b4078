import type { VNode } from "preact";
import type { Severity, UnitSummary } from "../../model.ts";
import { formatMs } from "../format.ts";

/** A status code in the colour of its class; of a message or job, whether it failed. */
export function Status({ unit }: { readonly unit: UnitSummary }): VNode {
  const { status, failed } = unit;
  if (status === undefined) {
    return <span class={failed ? "status s5" : "status s2"}>{failed ? "failed" : "ok"}</span>;
  }
  return <span class={`status s${failed ? 5 : Math.floor(status / 100)}`}>{status}</span>;
}

/** A number that is dim if it is 0. */
export function Count({ value }: { readonly value: number }): VNode {
  return value === 0 ? <span class="zero">–</span> : <span>{value}</span>;
}

/** A duration, dim if it is 0. */
export function Duration({ ms }: { readonly ms: number }): VNode {
  return ms === 0 ? <span class="zero">–</span> : <span>{formatMs(ms)}</span>;
}

interface BadgeProps {
  readonly text: string;
  readonly severity: Severity | "plain" | "good";
  readonly title?: string;
}

export function Badge({ text, severity, title }: BadgeProps): VNode {
  return (
    <span class={`badge ${severity}`} {...(title === undefined ? {} : { title })}>
      {text}
    </span>
  );
}

/** A row of the timing: queries, cache, calls, code. */
export function TimingBar(props: {
  readonly timing: readonly { readonly what: string; readonly ms: number }[];
}): VNode {
  const sum = props.timing.reduce((total, { ms }) => total + ms, 0);
  return (
    <span class="timing-bar" aria-hidden="true">
      {props.timing.map(({ what, ms }) => (
        <span
          key={what}
          class={`part of-${what}`}
          style={{ width: `${sum === 0 ? 0 : (ms / sum) * 100}%` }}
        />
      ))}
    </span>
  );
}
