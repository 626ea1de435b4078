import type { LibraryRow } from "../row.ts";
import { ioredisSteps, nodeRedisSteps } from "./expected-redis.ts";
import { mysql2Steps } from "./expected-sql.ts";

/** A call of a database that a step makes. */
export interface ExpectedCall {
  readonly name: string;
  /** Without those of the server, which are the same for all. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of the span's status; none: the call succeeds. */
  readonly error?: string;
}

/** A request to a row's program, and the calls below it. */
export interface Step {
  readonly step: string;
  readonly calls: readonly ExpectedCall[];
}

export type ServerName = "redis" | "postgres" | "mariadb" | "mongodb" | "none";

export interface StoreRow extends LibraryRow {
  /** In `apps/`, without its ending. */
  readonly program: string;
  readonly server: ServerName;
  readonly steps: readonly Step[];
  /** Of Node. */
  readonly flags?: readonly string[];
}

type Variant = Pick<LibraryRow, "installed" | "moduleSystem" | "node">;

/** Each version in both module systems on the newest Node; the newest also on the older ones. */
function variants(...installed: readonly string[]): Variant[] {
  const [newest = ""] = installed;
  return [
    ...installed.flatMap((name) => [
      { installed: name, moduleSystem: "esm" as const, node: "26" as const },
      { installed: name, moduleSystem: "cjs" as const, node: "26" as const },
    ]),
    { installed: newest, moduleSystem: "esm", node: "22.15" },
    { installed: newest, moduleSystem: "cjs", node: "24" },
  ];
}

const COMMANDS = "client spans of commands, pipelines and transactions, duration metric";

const STATEMENTS = "client spans of statements, duration metric, pool metrics";

export const rows: readonly StoreRow[] = [
  ...variants("ioredis", "ioredis5", "ioredis4", "ioredis2").map((variant): StoreRow => ({
    ...variant,
    library: "ioredis",
    gives: COMMANDS,
    program: "ioredis",
    server: "redis",
    steps: ioredisSteps(variant.installed),
  })),
  ...variants("redis", "redis5", "redis47", "redis4").map((variant): StoreRow => ({
    ...variant,
    library: "redis",
    gives: COMMANDS,
    program: "redis",
    server: "redis",
    steps: nodeRedisSteps,
  })),
  ...variants("mysql2", "mysql2-1").map(
    (variant): StoreRow => ({
      ...variant,
      library: "mysql2",
      gives: STATEMENTS,
      program: "mysql2",
      server: "mariadb",
      steps: mysql2Steps,
    }),
  ),
];
