import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import type { Outcome } from "./http-client.ts";
import type { PlaceName } from "./places.ts";
import type { ErrorSourceRow, ThrownAt } from "./row.ts";
import { errorCount, type ThrownValue, values } from "./values.ts";

/** One request of an app: what it throws, and where. */
export interface ErrorCase extends ThrownAt {
  /** Request id. */
  readonly id: string;
  readonly path: string;
  /** Whether nothing responds, so that the client disconnects. */
  readonly isUnanswered: boolean;
}

/** Outcomes by request id. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export interface ErrorSourceRun {
  readonly cases: readonly ErrorCase[];
  readonly outcomes: Outcomes;
  /** Of the same app without the preload. */
  readonly bareOutcomes: Outcomes;
  readonly events: readonly ReceivedEvent[];
  readonly spans: readonly ReceivedSpan[];
}

/** Places in which everything is thrown; in the others some values are enough. */
const thoroughPlaces: ReadonlySet<PlaceName> = new Set([
  ...(["sync", "async", "middleware", "hook", "guard", "interceptor"] as const),
  ...(["observable", "pipe", "next", "handled"] as const),
]);
const someValues: Partial<Record<PlaceName, readonly string[]>> = {
  stream: ["stream"],
  // React adds a property to errors, and Next 15 replaces texts by an error of React.
  page: ["error", "cause", "aggregate", "undefined"],
  context: ["error", "status404", "frozen", "string", "undefined"],
  captured: ["error", "status404", "aggregate", "realm", "frozen", "string", "symbol", "object"],
};
const fewValues = ["error", "frozen", "string", "undefined"];

export function casesOf({ app, reporters, breaking = [] }: ErrorSourceRow): ErrorCase[] {
  return Object.entries(reporters).flatMap(([name, reporter]) => {
    const place = name as PlaceName;
    const thrown = valuesAt(place).filter(({ name }) => !breaking.includes(name));
    return thrown.map((value) => ({
      place,
      value,
      id: `${place}-${value.name}`,
      path: app.pathOf(place, value.name),
      isUnanswered: app.isUnanswered?.(place, reporter) ?? false,
    }));
  });
}

const STREAM: ThrownValue = { name: "stream", type: "Error", text: "failed stream" };

function valuesAt(place: PlaceName): readonly ThrownValue[] {
  if (place === "stream") return [STREAM];
  if (place === "replied") return values.slice(0, errorCount);
  // It takes a hundred times as long as others.
  if (thoroughPlaces.has(place))
    return values.filter(({ name }) => name !== "huge" || place === "sync");
  const names = someValues[place] ?? fewValues;
  return values.filter(({ name }) => names.includes(name));
}

/** Sends all requests to the app of a row, preloaded and not, and stops both when all events have arrived. */
export async function runErrorSources(
  row: ErrorSourceRow,
  expectedEventCount: (outcomes: Outcomes) => number,
): Promise<ErrorSourceRun> {
  const cases = casesOf(row);
  const receiver = await startReceiver();
  const preloaded = await row.app.start(receiver);
  const bare = await row.app.start(undefined);
  try {
    const [outcomes, bareOutcomes] = await Promise.all(
      [preloaded, bare].map((program) => sendAll(program, row, cases)),
    );
    if (outcomes === undefined || bareOutcomes === undefined) throw new Error("no outcomes");
    const count = expectedEventCount(outcomes);
    // The test then shows which are missing.
    await receiver
      .waitFor(({ events }) => events.length >= count, `${count} events`)
      .catch(() => {});
    preloaded.kill("SIGTERM");
    await preloaded.ended;
    await receiver.settled();
    const { events, spans } = receiver;
    return { cases, outcomes, bareOutcomes, events, spans };
  } finally {
    for (const program of [preloaded, bare]) program.kill("SIGKILL");
    await Promise.all([preloaded.ended, bare.ended, receiver.close()]);
  }
}

/** Traces are not sampled: only those of errors are exported. */
export const headSampledOut: Readonly<Record<string, string>> = {
  OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  OTEL_TRACES_SAMPLER_ARG: "0",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
};

/** Returns the environment of an app, which sends its errors to `receiver`. */
export function sourceEnv(receiver: Receiver | undefined): Readonly<Record<string, string>> {
  // Express logs each error on stderr, except in tests.
  const own = { NODE_ENV: "test", SURVIVES: "1" };
  return receiver === undefined ? own : { ...own, ...telemetryEnv(receiver), ...headSampledOut };
}

/** An app, with the module that loads the libraries for it. */
export interface AppProgram {
  /** Path below `frameworks/apps`, without extension. */
  readonly app: string;
  /** Folder of `test/libraries`. */
  readonly group: string;
  /** Name in the app -> installed package. */
  readonly loads: Readonly<Record<string, string>>;
  readonly wildcard?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts an app with the libraries of its group, preloaded if there is a receiver. */
export function startApp(
  { app, group, loads, wildcard = "", env }: AppProgram,
  receiver: Receiver | undefined,
): Program {
  const loader = new URL(`../${group}/load.mjs`, import.meta.url);
  return new Program({
    // The package.json there has the aliases of the libraries.
    cwd: fileURLToPath(new URL(".", loader)),
    file: fileURLToPath(new URL("../frameworks/apps/start.mjs", import.meta.url)),
    args: [app, loader.href, JSON.stringify(loads), wildcard],
    flags: receiver === undefined ? [] : preload.import,
    env: { ...sourceEnv(receiver), ...env },
  });
}

function printedPort(stdout: string): string | undefined {
  return /^port (\d+)\n/m.exec(stdout)?.[1];
}

async function sendAll(
  program: Program,
  { app }: ErrorSourceRow,
  cases: readonly ErrorCase[],
): Promise<Outcomes> {
  const { portIn = printedPort } = app;
  const port = Number(await program.waitForStdout(portIn));
  const client = app.connect(port);
  const outcomes = new Map<string, Outcome>();
  const answered = cases.filter(({ isUnanswered }) => !isUnanswered);
  await Promise.all(answered.map(async (one) => outcomes.set(one.id, await client.send(one))));
  for (const one of cases.filter(({ isUnanswered }) => isUnanswered)) {
    const line = `throws ${one.place} ${one.value.name}\n`;
    const isThrown = program.waitForStdout((stdout) => stdout.includes(line) || undefined);
    outcomes.set(one.id, await client.send(one, isThrown));
  }
  client.close();
  // In the order of the cases.
  return new Map(cases.map(({ id }) => [id, outcomes.get(id) ?? { status: undefined }]));
}
