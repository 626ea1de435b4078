import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environmentWithoutSentry, preload } from "./benched-apps.ts";
import { median } from "./measures.ts";
import { type Estimate, measurePaired, type PairedVariant, trimmedMean } from "./paired.ts";
import { type HttpSink, startHttpSink } from "./sink.ts";

/*
 * Measures the CPU time of a log line within a request (`node bench/log-line.ts`), for
 * winston, pino and `telltale/logger`: bare, and with each part of telltale. All variants
 * get their turns in one run. Streams discard the lines, and a local sink the records.
 */

const { values } = parseArgs({
  options: {
    /** `message`, `fields` (two fields) or `nested` (two objects and a list). */
    line: { type: "string", default: "fields" },
    turns: { type: "string", default: "40" },
  },
});

const LINES_PER_REQUEST = 1000;
const REQUESTS = 5;

const NO_RECORDS = { OTEL_LOGS_EXPORTER: "none" };

/**
 * The variants: the logger of `apps/line-server.js`, and the environment of the preload, if
 * it is preloaded. `files` adds log files.
 */
const variants = {
  winston: ["winston"],
  "winston without json()": ["winston without json"],
  "winston with an option of json()": ["winston with an option"],
  "winston with an option of json(), ids": ["winston with an option", NO_RECORDS],
  "winston, ids": ["winston", NO_RECORDS],
  "winston, ids, records without redaction": ["winston", { TELLTALE_REDACT: "none" }],
  "winston, ids, records": ["winston", {}],
  "winston, ids, files": ["winston", NO_RECORDS],
  pino: ["pino"],
  "pino, ids": ["pino", NO_RECORDS],
  "pino, ids, records without redaction": ["pino", { TELLTALE_REDACT: "none" }],
  "pino, ids, records": ["pino", {}],
  "pino, ids, files": ["pino", NO_RECORDS],
  "telltale/logger": ["telltale"],
  "telltale/logger, without redaction": ["telltale", { ...NO_RECORDS, TELLTALE_REDACT: "none" }],
  "telltale/logger, ids": ["telltale", NO_RECORDS],
  "telltale/logger, ids, records": ["telltale", {}],
} as const;

type Name = keyof typeof variants;
const names = Object.keys(variants) as readonly Name[];
type Figures = Readonly<Record<Name, readonly number[]>>;

/** What each part costs: the difference of two variants. */
const parts: Readonly<Record<string, readonly [Name, Name]>> = {
  "winston's json()": ["winston", "winston without json()"],
  "ids of winston": ["winston with an option of json(), ids", "winston with an option of json()"],
  "ids of winston, and telltale's json()": ["winston, ids", "winston"],
  "records of winston, without redaction": [
    "winston, ids, records without redaction",
    "winston, ids",
  ],
  "redaction of these records": [
    "winston, ids, records",
    "winston, ids, records without redaction",
  ],
  "files of winston's lines": ["winston, ids, files", "winston, ids"],
  "ids of pino": ["pino, ids", "pino"],
  "records of pino": ["pino, ids, records", "pino, ids"],
  "ids of telltale/logger": ["telltale/logger, ids", "telltale/logger"],
  "redaction of telltale/logger": ["telltale/logger, ids", "telltale/logger, without redaction"],
};

async function main(): Promise<void> {
  const sink = await startHttpSink();
  const folder = await mkdtemp(join(tmpdir(), "bench-log-line-"));
  try {
    const figures = await measurePaired<Name>(processes(sink, folder), {
      program: "apps/line-server.js",
      path: `/${values.line}`,
      warmUp: 20,
      requests: REQUESTS,
      turns: Number(values.turns),
      settleMs: 150,
    });
    report(figures);
  } finally {
    sink.stop();
    await rm(folder, { recursive: true });
  }
}

function processes(sink: HttpSink, folder: string): Record<Name, PairedVariant> {
  const preloaded: NodeJS.ProcessEnv = {
    ...environmentWithoutSentry(sink),
    // A full queue drops records, which would look cheap.
    OTEL_BLRP_MAX_QUEUE_SIZE: "50000",
    OTEL_BLRP_SCHEDULE_DELAY: "100",
  };
  const entries = names.map((name): [Name, PairedVariant] => {
    const [logger, own] = variants[name] as readonly [string, NodeJS.ProcessEnv?];
    // Lines of telltale/logger are JSON in production.
    const env: NodeJS.ProcessEnv = { BENCH_LOGGER: logger, NODE_ENV: "production" };
    if (own === undefined) return [name, { execArgv: [], env }];
    const files = name.endsWith("files") ? { TELLTALE_LOG_DIR: join(folder, logger) } : {};
    return [name, { execArgv: preload(), env: { ...env, ...preloaded, ...own, ...files } }];
  });
  return Object.fromEntries(entries) as Record<Name, PairedVariant>;
}

function report(figures: Figures): void {
  const rows = Object.fromEntries(
    names.map((name) => [
      name,
      {
        "us per line": text(trimmedMean(perLine(figures[name]))),
        "of winston's": text(ratios(figures[name], figures.winston)),
        "of pino's": text(ratios(figures[name], figures.pino)),
      },
    ]),
  );
  console.table(rows);
  const differences = Object.fromEntries(
    Object.entries(parts).map(([part, [withIt, without]]) => [
      part,
      {
        "us per line": text(
          trimmedMean(
            perLine(figures[withIt]).map(
              (us, turn) => us - (perLine(figures[without])[turn] ?? us),
            ),
          ),
        ),
      },
    ]),
  );
  console.table(differences);
}

function perLine(figures: readonly number[]): number[] {
  return figures.map((us) => us / LINES_PER_REQUEST);
}

/** Returns the median of the ratios of paired turns, with the standard error of their trimmed mean. */
function ratios(own: readonly number[], base: readonly number[]): Estimate {
  const all = own.map((us, turn) => us / (base[turn] ?? us));
  return { value: median(all), error: trimmedMean(all).error };
}

function text({ value, error }: Estimate): string {
  return `${value.toFixed(3)} +- ${error.toFixed(3)}`;
}

await main();
