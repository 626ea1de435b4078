/** The part of `node:sqlite` that is used. */
export type Sqlite = Pick<typeof import("node:sqlite"), "DatabaseSync">;

/**
 * Loads `node:sqlite` without the warning that it is experimental, which Node 22 prints
 * on stderr.
 *
 * @returns undefined where Node has none: built without it, or disabled by
 *   `--no-experimental-sqlite`
 */
export function loadSqlite(): Sqlite | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite") as Sqlite | undefined;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
