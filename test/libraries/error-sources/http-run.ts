import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import type { ErrorSourceRow } from "./frameworks.ts";
import { Http2Client, HttpClient } from "./http-client.ts";
import type { PlaceName } from "./places.ts";
import { errorCount, type ThrownValue, values } from "./values.ts";

/** One request of an app: what it throws, and where. */
export interface ErrorCase {
  readonly place: PlaceName;
  readonly value: ThrownValue;
  /** Request id. */
  readonly id: string;
  readonly path: string;
  /** Whether the framework does not notice the error, so that the client disconnects. */
  readonly isUnanswered: boolean;
}

/** Statuses by request id; undefined without a response. */
export type Statuses = ReadonlyMap<string, number | undefined>;

export interface ErrorSourceRun {
  readonly cases: readonly ErrorCase[];
  readonly statuses: Statuses;
  /** Of the same app without the preload. */
  readonly bareStatuses: Statuses;
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
  captured: ["error", "status404", "aggregate", "realm", "frozen", "string", "symbol", "object"],
};
const fewValues = ["error", "frozen", "string", "undefined"];

export function casesOf({ reporters, prefix = "", breaking = [] }: ErrorSourceRow): ErrorCase[] {
  return Object.entries(reporters).flatMap(([name, reporter]) => {
    const place = name as PlaceName;
    const thrown = valuesAt(place).filter(({ name }) => !breaking.includes(name));
    return thrown.map((value) => ({
      place,
      value,
      id: `${place}-${value.name}`,
      path: place === "stream" ? "/stream" : `${prefix}/${place}/${value.name}`,
      isUnanswered: place === "async" && reporter === "process",
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
  expectedEventCount: (statuses: Statuses) => number,
): Promise<ErrorSourceRun> {
  const cases = casesOf(row);
  const isHttp2 = row.library.app === "http2";
  const receiver = await startReceiver();
  const preloaded = start(row, receiver);
  const bare = start(row);
  try {
    const [statuses, bareStatuses] = await Promise.all([
      sendAll(preloaded, cases, isHttp2),
      sendAll(bare, cases, isHttp2),
    ]);
    const count = expectedEventCount(statuses);
    // The test then shows which are missing.
    await receiver
      .waitFor(({ events }) => events.length >= count, `${count} events`)
      .catch(() => {});
    preloaded.kill("SIGTERM");
    await preloaded.ended;
    await receiver.settled();
    const { events, spans } = receiver;
    return { cases, statuses, bareStatuses, events, spans };
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

function start({ library }: ErrorSourceRow, receiver?: Receiver): Program {
  const { group, app, loads, wildcard } = library;
  const loader = new URL(`../${group}/load.mjs`, import.meta.url);
  return new Program({
    file: fileURLToPath(new URL("../frameworks/apps/start.mjs", import.meta.url)),
    args: [`failing/${app}`, loader.href, JSON.stringify(loads), wildcard],
    flags: receiver === undefined ? [] : preload.import,
    env: {
      // Express logs each error on stderr, except in tests.
      NODE_ENV: "test",
      SURVIVES: "1",
      ...(receiver !== undefined && { ...telemetryEnv(receiver), ...headSampledOut }),
    },
  });
}

async function sendAll(
  program: Program,
  cases: readonly ErrorCase[],
  isHttp2: boolean,
): Promise<Statuses> {
  const port = Number(await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]));
  const client = isHttp2 ? new Http2Client(port) : new HttpClient(port);
  const statuses = new Map<string, number | undefined>();
  const answered = cases.filter(({ isUnanswered }) => !isUnanswered);
  await Promise.all(answered.map(async (one) => statuses.set(one.id, await client.send(one))));
  for (const one of cases.filter(({ isUnanswered }) => isUnanswered)) {
    const line = `throws ${one.place} ${one.value.name}\n`;
    const isThrown = program.waitForStdout((stdout) => stdout.includes(line) || undefined);
    statuses.set(one.id, await client.send(one, isThrown));
  }
  client.close();
  return new Map(cases.map(({ id }) => [id, statuses.get(id)]));
}
