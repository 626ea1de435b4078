import { fileURLToPath } from "node:url";
import { type ProgramResult, preload, Program } from "../program.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import type { EndCase } from "./cases.ts";

/** A module system, and the way to preload something into its programs. */
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
 * With any `--import` Node loads a CommonJS program another way, which the
 * stack of what it throws at top level shows: so the bare one has it too.
 */
export const cjsByImport: ModuleFormat = {
  name: "CJS by --import",
  program: "end.cjs",
  preloaded: preload.import,
  bare: ["--import", "data:text/javascript,"],
};

export interface EndRunOptions {
  readonly node: string;
  /** Of Node, for the preload or instead of it. */
  readonly flags: readonly string[];
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What an end needs to know. */
  readonly argument: string;
}

/** Lets a program come to an end, with the signals that it takes. */
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
  // One that doesn't end is the failure that is looked for here.
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
    // Rejects when the program has ended.
    const ready = await output.catch(() => false);
    if (!ready) return;
    program.kill(signal);
  }
}
