import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { LogDetail } from "../../model.ts";
import { Attributes } from "./attributes.tsx";
import { TimelineLink } from "./timeline-link.tsx";

interface LogLineProps {
  readonly log: LogDetail;
  readonly time: string;
}

/** A log line, which shows its attributes when it is opened. */
export function LogLine({ log, time }: LogLineProps): VNode {
  const [isOpen, open] = useState(false);
  const { level, message, logger, attributes, spanId } = log;
  return (
    <details class="log-line" onToggle={(event) => open(event.currentTarget.open)}>
      <summary>
        <span class="mono dim offset">{time}</span>
        <span class={`level of-${levelClass(log)}`}>{level}</span>
        <span class="ellipsis mono">{message}</span>
        {logger === undefined ? null : <span class="dim">{logger}</span>}
      </summary>
      {isOpen ? (
        <div class="log-body">
          <pre class="message">{message}</pre>
          <Attributes attributes={attributes} />
          <TimelineLink spanId={spanId} />
        </div>
      ) : null}
    </details>
  );
}

/** The class of a line's colour, by the ranges of OpenTelemetry's severity numbers. */
export function levelClass({ severity }: LogDetail): "error" | "warn" | "info" | "debug" {
  if (severity >= 17) return "error";
  if (severity >= 13) return "warn";
  return severity >= 9 ? "info" : "debug";
}
