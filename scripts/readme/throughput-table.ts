/** Medians of the rounds of one load. */
export interface Throughput {
  readonly title: string;
  readonly spansPerCpuSecond: number;
  /** The most memory that it had, resident, and how many spans came in a second meanwhile. */
  readonly peakMb: number;
  readonly sentPerSecond: number;
  /** Spans that were sent in one round, and that arrived at the back end. */
  readonly sent: number;
  readonly arrived: number;
}

export interface ThroughputResults {
  readonly date: string;
  readonly machine: string;
  /** Of the Collector. */
  readonly version: string;
  readonly rounds: number;
  /** Of the minute before: how many processes wanted a core. */
  readonly loadBefore: number;
  readonly decisionWait: string;
  readonly loads: readonly Throughput[];
}

/** The figures as a Markdown table, for the terminal and `collector/README.md`. */
export function throughputTable(results: ThroughputResults): string {
  const { date, decisionWait, loadBefore, loads, machine, rounds, version } = results;
  return [
    "| `gateway.yaml`, on one core | spans a second | CPU per span | memory at most, with so many | sent in a round, arrived |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...loads.map(rowOf),
    "",
    `Nothing was refused, dropped, forgotten or repeated: all that was sent was taken, and all that was to be kept arrived. Medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} on ${date}: Collector ${version}, \`decision_wait\` ${decisionWait}, ${machine}, with ${loadBefore.toFixed(0)} other processes wanting a core: what is counted is the Collector's own CPU time.`,
  ].join("\n");
}

function rowOf({
  title,
  spansPerCpuSecond,
  peakMb,
  sentPerSecond,
  sent,
  arrived,
}: Throughput): string {
  const cells = [
    title,
    hundreds(spansPerCpuSecond),
    `${Math.round(1e6 / spansPerCpuSecond)} us`,
    `${number(Math.round(peakMb / 10) * 10)} MB, ${hundreds(sentPerSecond)} a second`,
    `${number(sent)}, ${number(arrived)}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function hundreds(value: number): string {
  return number(Math.round(value / 100) * 100);
}

function number(value: number): string {
  return value.toLocaleString("en");
}
