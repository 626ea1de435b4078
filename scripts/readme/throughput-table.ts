/** Medians of the rounds under one kind of load. */
export interface Throughput {
  readonly title: string;
  readonly spansPerCpuSecond: number;
  /** Peak resident memory, and the rate of spans at that time. */
  readonly peakMb: number;
  readonly sentPerSecond: number;
  /** Spans sent in one round, and spans received by the back end. */
  readonly sent: number;
  readonly arrived: number;
}

export interface ThroughputResults {
  readonly date: string;
  readonly machine: string;
  /** Version of the Collector. */
  readonly version: string;
  readonly rounds: number;
  /** Load average of the minute before the run. */
  readonly loadBefore: number;
  readonly decisionWait: string;
  readonly loads: readonly Throughput[];
}

/** Renders the figures as a Markdown table, for the terminal and `collector/README.md`. */
export function throughputTable(results: ThroughputResults): string {
  const { date, decisionWait, loadBefore, loads, machine, rounds, version } = results;
  return [
    "| `gateway.yaml`, on one core | spans per second | CPU per span | peak memory, at this rate | sent per round, received |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...loads.map(rowOf),
    "",
    `Nothing was refused, dropped or duplicated: every span was accepted, and every sampled span was received. Medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} on ${date}: Collector ${version}, \`decision_wait\` ${decisionWait}, ${machine}, load average ${loadBefore.toFixed(0)}. The figures count the CPU time of the Collector only.`,
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
    `${number(Math.round(peakMb / 10) * 10)} MB, ${hundreds(sentPerSecond)} per second`,
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
