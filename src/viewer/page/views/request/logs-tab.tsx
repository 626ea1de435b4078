import type { VNode } from "preact";
import type { LogDetail } from "../../../model.ts";
import { LogLine } from "../../components/log-line.tsx";
import { Empty } from "../../components/empty.tsx";
import { formatMs } from "../../format.ts";

const MAX_LINES = 1_000;

/** The log lines of a request. */
export function LogsTab({ logs }: { readonly logs: readonly LogDetail[] }): VNode {
  if (logs.length === 0) return <Empty title="No log lines" />;
  return (
    <div class="list">
      {logs.slice(0, MAX_LINES).map((log, index) => (
        <LogLine
          key={index}
          log={log}
          time={log.offsetMs === undefined ? "" : `+${formatMs(log.offsetMs)}`}
        />
      ))}
      {logs.length > MAX_LINES ? <p class="dim">{logs.length - MAX_LINES} more lines</p> : null}
    </div>
  );
}
