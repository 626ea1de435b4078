import type { Run } from "../../../viewer/model.ts";
import { labelOf } from "../../../viewer/comparison/compare-stored.ts";
import type { Answer } from "../answer.ts";
import { type ListView, mappedList, type View } from "../bounded-view.ts";
import { isoTime, plural } from "../figures.ts";
import { cutText, quoteText } from "../telemetry-text.ts";
import { omittedLines, tableLines } from "../text-layout.ts";
import { idOf } from "../unit-view.ts";

interface RunRow {
  readonly id: string;
  readonly service: string;
  readonly start?: string;
  readonly commit: string;
  readonly node?: string;
  readonly baseline?: string;
  readonly requests: number;
}

interface RunsView extends View {
  readonly source: string;
  readonly runs: ListView<RunRow>;
}

const PAGE_SIZE = 20;

/** Lists the runs, the latest first. */
export function runsAnswer(source: string, runs: readonly Run[]): Answer<RunsView> {
  const latest = runs.toSorted((a, b) => b.start - a.start);
  return { view: { source, runs: mappedList(latest, PAGE_SIZE, runRow) }, lines, found: false };
}

function runRow(run: Run): RunRow {
  const start = isoTime(run.start);
  return {
    ...{ id: idOf(run.id), service: cutText(run.service, 40) },
    ...(start !== undefined && { start }),
    commit: cutText(labelOf(run), 60),
    ...(run.nodeVersion !== undefined && { node: cutText(run.nodeVersion, 20) }),
    ...(run.baseline !== undefined && { baseline: cutText(run.baseline, 60) }),
    requests: run.requests,
  };
}

function lines({ source, runs }: RunsView): string[] {
  return [
    `${plural(runs.items.length + runs.omitted, "run")} (${source})`,
    ...tableLines(
      [
        { title: "RUN", cell: ({ id }) => id },
        { title: "STARTED", cell: ({ start }) => start ?? "?" },
        { title: "REQUESTS", isFigure: true, cell: ({ requests }) => String(requests) },
        { title: "BASELINE", cell: ({ baseline }) => baseline ?? "" },
        { title: "SERVICE", cell: ({ service }) => quoteText(service) },
        { title: "COMMIT", cell: ({ commit }) => quoteText(commit) },
      ],
      runs.items,
    ),
    ...omittedLines(runs, "runs"),
  ];
}
