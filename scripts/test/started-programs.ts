/** A program that a test has started. */
export interface StartedProgram {
  /** Describes how it runs, or how it has ended, with the end of its output on stderr. */
  describe(): string;
  /** The time of its end, as `performance.now()`; undefined while it runs. */
  readonly endedAt: number | undefined;
}

/** How many ended programs are kept. */
const MAX_ENDED = 10;

/** The programs that run, and the last ones that have ended, for the report of a failed test. */
const programs = new Set<StartedProgram>();

/** Adds a program, whose state is then part of the report of a test that fails. */
export function addStartedProgram(program: StartedProgram): void {
  const ended = [...programs].filter(({ endedAt }) => endedAt !== undefined);
  for (const old of ended.slice(0, -MAX_ENDED)) programs.delete(old);
  programs.add(program);
}

/**
 * Describes the programs that run, or have ended since a time of `performance.now()`, the
 * newest first.
 */
export function describePrograms(since: number): string[] {
  return [...programs]
    .toReversed()
    .filter(({ endedAt }) => endedAt === undefined || endedAt >= since)
    .map((program) => program.describe());
}
