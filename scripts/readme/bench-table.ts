export interface Figures {
  readonly title: string;
  /** CPU time per request of the bare app, in microseconds: the base of the ratios. */
  readonly bareCpuUs: number;
  readonly cpuRatio: number;
  readonly cpuRatioTenth: number;
  readonly rssMb: number;
  readonly startMs: number;
  /** Share of `cpuRatio` and of `startMs` that a DSN causes; missing in older results. */
  readonly sentryCpuRatio?: number;
  readonly sentryStartMs?: number;
}

export interface BenchResults {
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly apps: readonly Figures[];
}

/** Renders the figures of one run as a Markdown table, for the terminal and the README. */
export function renderBenchTable({ apps, date, machine, rounds }: BenchResults): string {
  const rows: Row[] = [
    ["CPU per request, every trace exported", ({ cpuRatio }) => `${cpuRatio.toFixed(2)} x`],
    [
      "CPU per request, 10% of traces sampled, all with errors exported",
      ({ cpuRatioTenth }) => `${cpuRatioTenth.toFixed(2)} x`,
    ],
    ["start", ({ startMs }) => `+ ${startMs.toFixed(0)} ms`],
    ["resident memory under load", ({ rssMb }) => `+ ${rssMb.toFixed(0)} MB`],
    ...sentryRows(apps),
  ];
  return [
    `| compared with the bare app | ${apps.map(({ title }) => title).join(" | ")} |`,
    `| --- |${" --- |".repeat(apps.length)}`,
    ...rows.map(([title, cell]) => `| ${title} | ${apps.map(cell).join(" | ")} |`),
    "",
    `Medians of ${rounds} rounds in one run on ${date}: ${machine}.`,
  ].join("\n");
}

type Row = [title: string, cell: (figures: Figures) => string];

function sentryRows(apps: readonly Figures[]): Row[] {
  const rows: readonly (readonly [
    string,
    keyof Figures & `sentry${string}`,
    (value: number) => string,
  ])[] = [
    ["of which a DSN: CPU per request", "sentryCpuRatio", (ratio) => `${ratio.toFixed(3)} x`],
    ["of which a DSN: start", "sentryStartMs", (ms) => `${ms.toFixed(0)} ms`],
  ];
  return rows
    .filter(([, field]) => apps.every((figures) => figures[field] !== undefined))
    .map(([title, field, format]) => [title, (figures) => `+ ${format(figures[field] ?? NaN)}`]);
}
