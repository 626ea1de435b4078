import { collectorBinary } from "./collector/build.ts";
import { UserError } from "./user-error.ts";
import { readConfiguration } from "./collector/configuration.ts";
import { generate } from "./collector/generate.ts";
import { parseOptions, USAGE } from "./collector/options.ts";
import { runCollector, validate } from "./collector/run.ts";
import { measureSizes } from "./collector/sizes.ts";
import { writeSizes } from "./collector/table.ts";

/*
 * `npm run collector`: builds the Collector (or finds the one that was built),
 * validates a configuration and runs it until it is stopped.
 */
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`collector: ${error.message}\n`);
  process.exitCode = 1;
}

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.action === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.action === "generate") return exitZeroAfter(generate());
  if (options.action === "sizes") return exitZeroAfter(measureSizes().then(writeSizes));
  if (options.action === "build") {
    process.stdout.write(`${await collectorBinary()}\n`);
    return 0;
  }
  // Problems are reported before a build of minutes, not after.
  const configuration = await readConfiguration(options.configurations, options.backends);
  const binary = options.binary ?? (await collectorBinary());
  await validate(binary, configuration);
  if (options.action === "validate") {
    process.stderr.write(`collector: ${configuration.names.join(" + ")} is valid\n`);
    return 0;
  }
  return runCollector(binary, configuration);
}

async function exitZeroAfter(work: Promise<void>): Promise<number> {
  await work;
  return 0;
}
