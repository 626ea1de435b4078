import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBackgroundBuilds } from "./test/background-builds.ts";
import { missingPrograms } from "./test/programs.ts";
import { type TestStage, testStages } from "./test/stages.ts";
import type { StageResult } from "./test/outcome.ts";

/*
 * Runs the named stages (by default all), one after the other. If all run, those that run beside
 * the others do so one after the other, too. The stages after a failed one still run, unless they
 * need its result. Arguments after the names go to mocha: `scripts/test.ts unit --grep span`.
 *
 * The very last line is `N passed, N failed`, over all stages.
 */
const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => !testStages.some(({ name }) => name === arg));
const names = firstOption === -1 ? args : args.slice(0, firstOption);
const options = args.slice(names.length);

/** They need a core, and so does a stage beside others. */
const builds = names.length === 0 ? runBackgroundBuilds() : Promise.resolve();
process.exitCode = (await runAll()) ? 0 : 1;

async function runAll(): Promise<boolean> {
  const chosen = testStages.filter(({ name }) => names.length === 0 || names.includes(name));
  const results = new Map<string, StageResult>();
  if (names.length === 0) results.set("programs", reportMissingPrograms());
  let beside: Promise<void> = builds;
  for (const stage of chosen) {
    const isBeside = names.length === 0 && stage.runsBeside === true;
    const run = async (): Promise<void> =>
      void results.set(stage.name, await runStage(stage, results, isBeside));
    if (isBeside) beside = beside.then(run);
    else await run();
  }
  await beside;
  return printSummary(results);
}

/** @param isBeside whether other stages write to the terminal meanwhile. */
async function runStage(
  stage: TestStage,
  before: ReadonlyMap<string, StageResult>,
  isBeside: boolean,
): Promise<StageResult> {
  process.stdout.write(
    `\n── ${stage.name}: ${stage.description}${isBeside ? ", beside the next stages" : ""}\n`,
  );
  const broken = stage.needs.find((name) => (before.get(name)?.failed ?? 0) > 0);
  if (broken !== undefined) {
    process.stdout.write(`── ${stage.name}: not run, as ${broken} failed\n`);
    return { passed: 0, failed: 1 };
  }
  const start = performance.now();
  const stageResult = isBeside ? await runBeside(stage) : await stage.run(options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const result = stageResult.failed === 0 ? "passed" : "failed";
  process.stdout.write(`── ${stage.name}: ${result} in ${seconds} s\n`);
  return stageResult;
}

/** Runs a stage whose output is shown when it has ended. */
async function runBeside(stage: TestStage): Promise<StageResult> {
  const folder = await mkdtemp(join(tmpdir(), "telltale-stage-"));
  const file = await open(join(folder, "output"), "w+");
  try {
    const result = await stage.run(options, file.fd);
    process.stdout.write(`\n── ${stage.name}: its output\n`);
    process.stdout.write(await readFile(join(folder, "output"), "utf8"));
    return result;
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

/** Lists missing programs: their tests are skipped on a developer's machine, and fail in CI. */
function reportMissingPrograms(): StageResult {
  const missing = missingPrograms();
  for (const { program, debianPackage } of missing) {
    process.stdout.write(
      `missing: ${program} (apt-get install ${debianPackage}); its tests are skipped\n`,
    );
  }
  return { passed: 0, failed: process.env["CI"] ? missing.length : 0 };
}

function printSummary(results: ReadonlyMap<string, StageResult>): boolean {
  const failing = [...results].filter(([, { failed }]) => failed > 0).map(([name]) => name);
  if (failing.length > 0) process.stdout.write(`\nfailed: ${failing.join(", ")}\n`);
  for (const [name, { failures = [] }] of results) printFailures(name, failures);
  const passed = [...results.values()].reduce((sum, stageResult) => sum + stageResult.passed, 0);
  const failed = [...results.values()].reduce((sum, stageResult) => sum + stageResult.failed, 0);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0;
}

/** Repeats failures at the end, for readers of a truncated output. */
function printFailures(stage: string, failures: readonly string[]): void {
  for (const failure of failures) process.stdout.write(`\n${stage}: ${failure}\n`);
}
