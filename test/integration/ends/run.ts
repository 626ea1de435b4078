import { fileURLToPath } from "node:url";
import { type ProgramResult, preload, Program } from "../program.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { EndCase } from "./cases.ts";

/** A module system, and its flag for a preload. */
export interface ModuleFormat {
  readonly name: string;
  readonly program: string;
  readonly preloaded: readonly string[];
  readonly bare: readonly string[];
}

export const esm: ModuleFormat = {
  name: "ESM",
  program: "end.mjs",
  preloaded: preload.import,
  bare: [],
};

export const cjs: ModuleFormat = {
  name: "CJS",
  program: "end.cjs",
  preloaded: preload.require,
  bare: [],
};

/**
 * With `--import`, Node loads a CommonJS program in a different way, which is visible in
 * the stack of a top-level throw. So the program without preload has the flag as well.
 */
export const cjsByImport: ModuleFormat = {
  name: "CJS by --import",
  program: "end.cjs",
  preloaded: preload.import,
  bare: ["--import", "data:text/javascript,"],
};

export interface EndRunOptions {
  readonly node: string;
  /** Node's flags, with or without the preload. */
  readonly flags: readonly string[];
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Environment variables. */
  readonly argument: string;
}

/** Runs a program to its end, with the signals that it expects. */
export async function runToEnd(end: EndCase, options: EndRunOptions): Promise<ProgramResult> {
  const { node, env, cwd } = options;
  const program = new Program({
    file: fileURLToPath(new URL(`apps/${end.file ?? options.program}`, import.meta.url)),
    node,
    flags: [...options.flags, ...(end.flags ?? [])],
    args: [end.name, options.argument],
    env,
    cwd,
  });
  // A program that doesn't end is a failure of the test.
  const deadline = setTimeout(() => program.kill("SIGKILL"), WAIT_TIMEOUT_MS);
  try {
    if (end.signal !== undefined) await sendEachTime(program, end.signal);
    return await program.ended;
  } finally {
    clearTimeout(deadline);
  }
}

async function sendEachTime(program: Program, signal: NodeJS.Signals): Promise<void> {
  for (let times = 1; ; times++) {
    const output = program.waitForStdout(
      (stdout) => stdout.split("ready").length > times || undefined,
    );
    // Rejects if the program has ended.
    const ready = await output.catch(() => false);
    if (!ready) return;
    program.kill(signal);
  }
}
