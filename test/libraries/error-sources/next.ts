import { preload, type Program } from "../../integration/program.ts";
import { rows as oldest } from "../next15/rows.ts";
import { NextClient } from "../next16/client.ts";
import { portIn, startNext } from "../next16/program.ts";
import { type NextRow, rows as newest } from "../next16/rows.ts";
import type { PlaceName, Reporter } from "./places.ts";
import type { ErrorSourceRow, ThrownAt } from "./row.ts";
import { sourceEnv } from "./run.ts";
import { type SourceGroup, sourcesOf } from "./source-group.ts";
import { errorCount, values } from "./values.ts";

type Reporters = Partial<Record<PlaceName, Reporter>>;

const later = {
  captured: "app",
  timer: "process",
  floating: "process",
  caught: "none",
  client: "none",
} as const;

/** Next logs an error on the console before the response ends. */
function reportersOf(reporter: "console" | "framework"): Reporters {
  return {
    sync: reporter,
    async: reporter,
    page: reporter,
    stream: reporter,
    action: reporter,
    props: reporter,
    api: reporter,
    proxy: reporter,
    ...later,
  };
}

const errors: ReadonlySet<string> = new Set(
  // The last one is the huge one.
  values.slice(0, errorCount + 1).map(({ name }) => name),
);

/** In these places Next logs other values as they are, which is no error on the console. */
function reporterOfValue({ place, value: { name } }: ThrownAt): Reporter | undefined {
  const isAsIs = place === "sync" || place === "async" || place === "api";
  return isAsIs && !errors.has(name) ? "framework" : undefined;
}

/** Routes of these are their files; the others have a common one. */
const routes: Partial<Record<PlaceName, string>> = {
  page: "/sources/page/[value]",
  stream: "/sources/stream/[value]",
  action: "/sources/action/[value]",
  props: "/sources/props/[value]",
  api: "/api/sources/[value]",
};

function rowsOf(framework: string, library: NextRow): ErrorSourceRow[] {
  const common = {
    transactionOf,
    // Next reads and logs the first two, and its compiler renames the function.
    breaking: ["getters", "proxy", "function"],
  };
  return [
    {
      ...common,
      framework,
      app: appOf(library, { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "" }),
      reporters: reportersOf("console"),
      reporterOf: reporterOfValue,
    },
    {
      ...common,
      framework: `${framework} (without \`console\`)`,
      app: appOf(library, {}),
      reporters: reportersOf("framework"),
    },
  ];
}

/** Middleware runs before there is a route. */
function transactionOf(place: PlaceName): string | undefined {
  if (place === "proxy") return undefined;
  const method = place === "action" ? "POST" : "GET";
  return `${method} ${routes[place] ?? "/sources/[place]/[value]"}`;
}

function appOf(library: NextRow, env: Readonly<Record<string, string>>): ErrorSourceRow["app"] {
  return {
    start: (receiver): Promise<Program> =>
      startNext(
        library,
        { ...sourceEnv(receiver), ...env },
        receiver === undefined ? [] : preload.import,
      ),
    portIn,
    connect: (port) => new NextClient(port),
    pathOf: (place, value) =>
      place === "api" ? `/api/sources/${value}` : `/sources/${place}/${value}`,
  };
}

function served(rows: readonly NextRow[]): NextRow {
  const row = rows.find(({ way }) => way === "next start");
  if (row === undefined) throw new Error("no row of `next start`");
  return row;
}

export const nextRows: readonly ErrorSourceRow[] = [
  ...rowsOf("Next 15", served(oldest)),
  ...rowsOf("Next 16", served(newest)),
];

export const sourceGroup: SourceGroup = {
  title: "Next.js",
  sources: sourcesOf(nextRows, {
    sync: "a route handler that throws",
    async: "a route handler that rejects",
    stream: "a component that fails after the response has started",
    client: "`notFound()`",
  }),
};
