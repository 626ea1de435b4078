import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preload } from "../../program.ts";
import { EVENTS, type Fault, LOGS, type Preparation, round, SPANS } from "../fault.ts";
import type { Service } from "../service.ts";
import { hostileHeaders } from "./hostile-headers.ts";
import { delivered, otlp } from "./cells.ts";

const apps = new URL("../apps/", import.meta.url);

/** Values of `apps/hostile-values.mjs`, and those for which winston throws, with or without telltale. */
const VALUES = 18;
const UNPRINTABLE = 4;

const noDelay = { OTEL_BSP_SCHEDULE_DELAY: "100", OTEL_BLRP_SCHEDULE_DELAY: "100" };

async function withHeaders(
  service: Service,
  headers: readonly Readonly<Record<string, string>>[],
): Promise<void> {
  for (const header of headers) {
    await service.request(`/work?spans=${SPANS - 1}&logs=${LOGS}&events=${EVENTS}`, header);
  }
}

function rounds(count: number): NonNullable<Fault["created"]> {
  return { traces: SPANS * count, logs: LOGS * count, errors: EVENTS * count };
}

/** Writes a file into a temporary folder, in which the app runs. */
function inFolder(
  files: Readonly<Record<string, string>>,
  env: (folder: string) => Preparation["env"],
) {
  return async (): Promise<Preparation> => {
    const folder = mkdtempSync(join(tmpdir(), "telltale-faults-app-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const variables = env(folder);
    return {
      ...(variables !== undefined && { env: variables }),
      clean: () => rmSync(folder, { recursive: true }),
    };
  };
}

/** A module whose exports throw at each access. */
const THROWING_EXPORTS = `const fail = () => { throw new Error("exports"); };
module.exports = new Proxy(function () {}, { get: fail, set: fail, defineProperty: fail, getOwnPropertyDescriptor: fail, has: fail, ownKeys: fail });`;

export const dataFaults: readonly Fault[] = [
  {
    group: "Data",
    title: "requests with hostile headers of traces, and ids",
    work: (service) => withHeaders(service, hostileHeaders.ids),
    created: rounds(hostileHeaders.ids.length),
    cells: otlp(delivered, delivered),
  },
  {
    group: "Data",
    title: "requests with hostile baggage",
    work: (service) => withHeaders(service, hostileHeaders.baggage),
    created: rounds(hostileHeaders.baggage.length),
    cells: otlp(delivered, delivered),
  },
  {
    group: "Data",
    title: "attributes of spans that are circular, throw, or have a megabyte",
    env: noDelay,
    work: async (service) => {
      await service.request("/hostile-attributes");
      await round(service);
    },
    created: { traces: VALUES + 1 + SPANS, logs: LOGS, errors: EVENTS },
    cells: otlp(delivered, delivered),
  },
  {
    group: "Data",
    title: "log values that are circular, throw, or have a megabyte",
    env: noDelay,
    work: async (service) => {
      await service.request("/hostile-logs");
      await round(service);
    },
    created: { traces: 1 + SPANS, logs: VALUES - UNPRINTABLE + LOGS, errors: EVENTS },
    cells: otlp(delivered, delivered),
  },
  {
    group: "Data",
    title: "data of errors that is circular, throws, or has a megabyte",
    env: noDelay,
    work: async (service) => {
      await service.request("/hostile-events");
      await round(service);
    },
    created: { traces: 1 + SPANS, logs: LOGS, errors: VALUES + EVENTS },
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "telltale preloaded twice",
    prepare: async () => ({ flags: preload.require }),
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "another OpenTelemetry SDK, registered by the app",
    prepare: async () => ({
      flags: ["--import", new URL("other-sdk.mjs", apps).href],
    }),
    lines: [/@opentelemetry\/api|another|already/],
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "a library whose instrumentation throws",
    prepare: inFolder(
      {
        "node_modules/ioredis/package.json":
          '{"name":"ioredis","version":"5.4.1","main":"built/index.js"}',
        "node_modules/ioredis/built/Redis.js": THROWING_EXPORTS,
        "node_modules/ioredis/built/index.js": "require('./Redis.js');",
        "load.cjs": "require('ioredis');",
      },
      (folder) => ({ NODE_OPTIONS: `--require ${join(folder, "load.cjs")}` }),
    ),
    lines: [/ioredis/],
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "callbacks of metrics that throw, or never return",
    prepare: async () => ({
      flags: ["--import", new URL("metric-callbacks.mjs", apps).href],
    }),
    lines: [/metric "(throws|rejects)": its callback failed/, /metric "hangs": its callback took/],
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "a filter of errors (`TELLTALE_BEFORE_SEND`) that throws",
    prepare: inFolder(
      { "filter.cjs": "module.exports = () => { throw new Error('filter'); };" },
      (folder) => ({ TELLTALE_BEFORE_SEND: join(folder, "filter.cjs") }),
    ),
    lines: [/TELLTALE_BEFORE_SEND: beforeSend threw Error at .*sent without messages and data/],
    cells: otlp(delivered, delivered),
  },
  {
    group: "Other code in the process",
    title: "a filter of errors that never returns a result",
    prepare: inFolder(
      { "filter.cjs": "module.exports = () => new Promise(() => {});" },
      (folder) => ({ TELLTALE_BEFORE_SEND: join(folder, "filter.cjs") }),
    ),
    lines: [/TELLTALE_BEFORE_SEND: beforeSend took more than 2000 ms/],
    cells: otlp(delivered, delivered),
  },
];
