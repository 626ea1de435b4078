import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../../src/config/config.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { formatIssues } from "../../../src/config/report.ts";
import { environmentOf } from "../../../src/env.ts";
import { knownInstrumentations } from "../../../src/instrumentation/enabled-instrumentations.ts";

/** A configuration, and the lines of its report without `telltale: `. */
export interface LoadedFile {
  readonly config: Config;
  readonly lines: readonly string[];
}

/** Parses the text of a file as `otel.yaml`, beside variables. */
export function loadText(
  text: string,
  variables: Readonly<Record<string, string>> = {},
): LoadedFile {
  const folder = mkdtempSync(join(tmpdir(), "telltale-config-"));
  try {
    const file = join(folder, "otel.yaml");
    writeFileSync(file, text);
    return loadFile(file, variables);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Parses a file, beside variables, which are in `process.env` meanwhile: a file can refer
 * to any of them.
 */
export function loadFile(
  file: string,
  variables: Readonly<Record<string, string>> = {},
): LoadedFile {
  const before = { ...process.env };
  try {
    Object.assign(process.env, variables);
    const environment = environmentOf({ ...variables, OTEL_CONFIG_FILE: file });
    const { config, issues } = parseConfig(environment, knownInstrumentations);
    const lines = formatIssues(issues).split("\n").filter(Boolean);
    return { config, lines: lines.map((line) => line.replace("telltale: ", "")) };
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
