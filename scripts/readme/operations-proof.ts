import {
  kindAt,
  type Proof,
  type ProvenExpression,
  type ProvenServer,
  readProof,
} from "../../test/collector/operations/proof.ts";

const PATHS = { page: "scraped", gateway: "OTLP", written: "remote write" } as const;

/** Returns the tables of docs/operations-proof.md. */
export function operationsProofTables(): string {
  const proof = readProof();
  const { seconds, expressions } = proof;
  const files = [...new Set(expressions.map(({ file }) => file))];
  const empty = expressions.filter(({ kinds }) => kinds.includes("empty")).length;
  const summary = `${expressions.length} expressions in ${files.length} files, after ${seconds} seconds of load: ${empty} of them empty.`;
  return [summary, ...files.map((file) => tableOf(file, proof))].join("\n\n");
}

function tableOf(file: string, { servers, expressions }: Proof): string {
  return [
    `### ${file}\n`,
    `| rule or panel | expression | ${Object.values(PATHS).join(" | ")} | silent because |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...expressions.filter((one) => one.file === file).map((one) => lineOf(one, servers)),
  ].join("\n");
}

function lineOf(expression: ProvenExpression, servers: readonly ProvenServer[]): string {
  const { name, expr, reason = "" } = expression;
  const cells = Object.keys(PATHS).map((path) => cellOf(expression, servers, path));
  return `| ${escaped(name)} | \`${escaped(expr)}\` | ${cells.join(" | ")} | ${reason} |`;
}

/** Both versions of Prometheus, in one word if they agree. */
function cellOf(
  expression: ProvenExpression,
  servers: readonly ProvenServer[],
  path: string,
): string {
  const outcomes = servers.flatMap((server, index) =>
    server.path === path ? [{ version: server.version, kind: kindAt(expression, index) }] : [],
  );
  const kinds = new Set(outcomes.map(({ kind }) => kind));
  if (kinds.size === 1) return outcomes[0]!.kind;
  return outcomes.map(({ version, kind }) => `${version}: ${kind}`).join(", ");
}

/** A cell of a table is one line. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/gu, " ").replaceAll("|", String.raw`\|`);
}
