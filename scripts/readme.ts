import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build/paths.ts";
import { benchTable } from "./readme/bench.ts";
import { commitVariablesList } from "./readme/commits.ts";
import { configurationFileTable } from "./readme/configuration-file.ts";
import { alertsTable } from "./readme/alerts.ts";
import { dashboardsTables } from "./readme/dashboards.ts";
import { errorSourcesTables } from "./readme/error-sources.ts";
import { checklistTable, findingsTables } from "./readme/findings.ts";
import { faultTables } from "./readme/faults.ts";
import { librariesTable } from "./readme/libraries.ts";
import { readBlock, replaceBlock } from "./readme/marks.ts";
import { metricsTables } from "./readme/metrics.ts";
import { demoOutput } from "./readme/demo-output.ts";
import { withoutVolatileParts } from "./readme/volatile-parts.ts";
import { throughputBlock } from "./readme/throughput.ts";
import { operationsProofTables } from "./readme/operations-proof.ts";
import { pipelineDifferencesTable } from "./readme/pipeline-differences.ts";
import { secretKindsTable } from "./readme/secret-kinds.ts";
import { sentryFunctionsTable } from "./readme/sentry-functions.ts";
import { slothDifferencesTable } from "./readme/sloth-differences.ts";
import { variablesTable } from "./readme/variables.ts";
import { vendorSections } from "./readme/vendors.ts";

/*
 * `npm run readme`: writes the generated blocks of README.md, docs/ and
 * collector/README.md; `-- libraries` writes only that block. With `-- --check`
 * it writes nothing, and reports the blocks that are out of date (exit code 1).
 */

interface GeneratedBlock {
  /** Name in the marks around the block. */
  readonly name: string;
  /** The page with the block; default: README.md. */
  readonly file?: string;
  /** Returns undefined if the source of the block is missing; the block is then left as it is. */
  readonly render: () => string | undefined | Promise<string | undefined>;
  /** Returns the part of the content that must be equal for the block to be up to date. */
  readonly comparable: (content: string) => string;
}

const trimmed = (content: string): string => content.trim();

const blocks: readonly GeneratedBlock[] = [
  { name: "variables", file: "docs/variables.md", render: variablesTable, comparable: trimmed },
  {
    ...{ name: "configuration-file", file: "docs/configuration-file.md", comparable: trimmed },
    render: configurationFileTable,
  },
  { name: "commits", file: "docs/releases.md", render: commitVariablesList, comparable: trimmed },
  { name: "faults", file: "docs/reliability.md", render: faultTables, comparable: trimmed },
  { name: "libraries", file: "docs/libraries.md", render: librariesTable, comparable: trimmed },
  {
    ...{ name: "error-sources", file: "docs/errors.md", comparable: trimmed },
    render: errorSourcesTables,
  },
  {
    ...{ name: "sentry-functions", file: "docs/errors.md", comparable: trimmed },
    render: sentryFunctionsTable,
  },
  {
    name: "findings",
    file: "docs/troubleshooting.md",
    render: findingsTables,
    comparable: trimmed,
  },
  { name: "checklist", file: "docs/check.md", render: checklistTable, comparable: trimmed },
  { name: "bench", render: benchTable, comparable: trimmed },
  {
    name: "secret-kinds",
    file: "docs/redaction.md",
    render: secretKindsTable,
    comparable: trimmed,
  },
  { name: "alerts", file: "docs/operations.md", render: alertsTable, comparable: trimmed },
  { name: "dashboards", file: "docs/dashboards.md", render: dashboardsTables, comparable: trimmed },
  {
    ...{ name: "sloth-differences", file: "docs/slo.md", comparable: trimmed },
    render: slothDifferencesTable,
  },
  {
    ...{ name: "pipeline-differences", file: "docs/pipeline-sdk.md", comparable: trimmed },
    render: pipelineDifferencesTable,
  },
  { name: "metrics", file: "docs/metrics.md", render: metricsTables, comparable: trimmed },
  {
    ...{ name: "operations-proof", file: "docs/operations-proof.md", comparable: trimmed },
    render: operationsProofTables,
  },
  { name: "vendors", file: "docs/vendors.md", render: vendorSections, comparable: trimmed },
  { name: "picture", render: demoOutput, comparable: withoutVolatileParts },
  { name: "throughput", file: "collector/README.md", render: throughputBlock, comparable: trimmed },
];

const args = process.argv.slice(2);
const named = blocks.filter(({ name }) => args.includes(name));
process.exitCode = await run(args.includes("--check"), named.length > 0 ? named : blocks);

async function run(check: boolean, blocks: readonly GeneratedBlock[]): Promise<number> {
  const stale: string[] = [];
  for (const { name, render, comparable, file = "README.md" } of blocks) {
    const content = await render();
    if (content === undefined) continue;
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    if (comparable(readBlock(text, name) ?? "") === comparable(content)) continue;
    stale.push(name);
    if (!check) writeFileSync(path, replaceBlock(text, name, content));
  }
  if (stale.length === 0) return 0;
  report(`${stale.join(", ")} ${check ? "out of date; run `npm run readme`" : "written"}`);
  return check ? 1 : 0;
}

function report(text: string): void {
  process.stderr.write(`readme: ${text}\n`);
}
