import { parseConfig } from "../../src/config/parse.ts";
import { readEnvironment } from "../../src/env.ts";
import { createResource } from "../../src/resource/resource.ts";

/** Preloaded before an app: prints the resource of its process on one line. */
const { config } = parseConfig(readEnvironment());
process.stdout.write(`${JSON.stringify(createResource(config).attributes)}\n`);
