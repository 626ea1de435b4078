import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { UserError } from "../user-error.ts";

export const USAGE = `npm run collector [-- [options] [configuration...]]

  Builds the Collector, validates the configuration and starts it. A configuration
  is a preset (local, agent, gateway; without any: local) or a file.

  --backend NAME  adds collector/backends/NAME.yaml; may be given several times
  --validate      only validates the configuration
  --build         only builds, and prints the path of the binary
  --binary PATH   uses this Collector instead, e.g. the official otelcol-contrib
  --generate      writes collector/distribution/ anew, after a change of manifest.yaml
  --sizes         measures what each component adds to the binary, for README.md
`;

export interface CollectorOptions {
  readonly action: "run" | "validate" | "build" | "generate" | "sizes" | "help";
  /** Names of presets, or paths. */
  readonly configurations: readonly string[];
  readonly backends: readonly string[];
  readonly binary: string | undefined;
}

/** @throws UserError for an unknown option or a missing binary. */
export function parseOptions(args: readonly string[]): CollectorOptions {
  const { values, positionals } = parseCommandLine(args);
  const { binary } = values;
  if (binary !== undefined && !existsSync(binary)) {
    throw new UserError(`--binary ${binary}: there is no such file`);
  }
  const actions = ["help", "generate", "sizes", "build", "validate"] as const;
  return {
    action: actions.find((action) => values[action]) ?? "run",
    configurations: positionals.length > 0 ? positionals : ["local"],
    backends: values.backend ?? [],
    binary,
  };
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        backend: { type: "string", multiple: true },
        binary: { type: "string" },
        build: { type: "boolean" },
        generate: { type: "boolean" },
        help: { type: "boolean" },
        sizes: { type: "boolean" },
        validate: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${USAGE}`);
  }
}
