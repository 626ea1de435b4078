import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedExpression } from "../../operations/expressions/generated-expressions.ts";
import type { MetricPath } from "../contract/rows.ts";
import type { Outcome } from "./outcome.ts";

/** What an expression returned from a server, or that it is silent there by design. */
export type ProvenKind = Outcome["kind"] | "silent";

/** A server that was asked. */
export interface ProvenServer {
  readonly path: MetricPath;
  /** Of Prometheus: "2.42". */
  readonly version: string;
}

/** What an expression returned from all servers. */
export interface ProvenExpression extends Pick<
  GeneratedExpression,
  "file" | "name" | "use" | "expr"
> {
  /** In the order of the servers. One for all, if they agree. */
  readonly kinds: readonly ProvenKind[];
  /** Why it is silent by design somewhere. */
  readonly reason?: string;
}

/** A run, from which docs/operations-proof.md is written. */
export interface Proof {
  /** How long the load lasted at least, in seconds. */
  readonly seconds: number;
  readonly servers: readonly ProvenServer[];
  readonly expressions: readonly ProvenExpression[];
}

const file = join(import.meta.dirname, "proof.json");

/** Returns the committed run. */
export function readProof(): Proof {
  return JSON.parse(readFileSync(file, "utf8")) as Proof;
}

/** Writes the run that is committed: one line for each expression. */
export function writeProof({ seconds, servers, expressions }: Proof): void {
  const lines = expressions.map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  const head = `  "seconds": ${seconds},\n  "servers": ${JSON.stringify(servers)},\n`;
  writeFileSync(file, `{\n${head}  "expressions": [\n${lines}\n  ]\n}\n`);
}

/** Returns what an expression returned from a server. */
export function kindAt({ kinds }: ProvenExpression, server: number): ProvenKind {
  return kinds[server] ?? kinds[0]!;
}
