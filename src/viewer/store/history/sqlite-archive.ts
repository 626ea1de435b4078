import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ProfileSummary, Run } from "../../model.ts";
import {
  type Archive,
  type ArchiveChanges,
  ArchiveError,
  type ArchiveIndex,
  type ArchiveProblem,
  type BatchRecord,
  type PartRecord,
  type ProfileRecord,
  type Removed,
  type StoredUnit,
} from "./archive.ts";
import type { Sqlite } from "./sqlite.ts";

/** Version of the tables, in `user_version`. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS parts (
    id TEXT PRIMARY KEY, trace TEXT NOT NULL, start REAL NOT NULL, changed REAL NOT NULL,
    spans INTEGER NOT NULL, logs INTEGER NOT NULL, bytes INTEGER NOT NULL, units TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, part TEXT NOT NULL, data BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS segments_by_part ON segments (part);
  CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, signal TEXT NOT NULL, start REAL NOT NULL,
    hash TEXT NOT NULL, data BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS profiles (
    id TEXT PRIMARY KEY, summary TEXT NOT NULL, trace TEXT NOT NULL, span TEXT NOT NULL,
    content BLOB NOT NULL
  );
`;

/** How long a second process waits, which tries again with its next batch, in milliseconds. */
const BUSY_MS = 250;

/** The same while it opens the file: several may start at once, and each creates the tables. */
const OPENING_BUSY_MS = 10_000;

/** Pages that are freed are used again, so that the file does not grow beyond the limit. */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA temp_store = MEMORY;
`;

/**
 * Pages that only a removal may use. It frees pages, but may need one for rows that it moves
 * between pages, and would fail in a file that is full.
 */
const RESERVED_PAGES = 8;

/** Codes of SQLite: https://sqlite.org/rescode.html. */
const problems: Readonly<Record<number, ArchiveProblem>> = {
  5: "busy",
  6: "busy",
  11: "corrupt",
  13: "full",
  26: "corrupt",
};

/** An archive in a file of SQLite, which several processes may use at once. */
export class SqliteArchive implements Archive {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #dataVersion: number;
  #maxPages = 0;

  /**
   * @param maxBytes of the file.
   * @throws ArchiveError if the file can't be opened, created or read.
   */
  constructor(sqlite: Sqlite, path: string, maxBytes: number, readOnly = false) {
    this.path = path;
    this.#database = guarded(() => new sqlite.DatabaseSync(path, { readOnly }));
    try {
      guarded(() => {
        this.#pragma(`busy_timeout = ${OPENING_BUSY_MS}`);
        this.#prepareTables(maxBytes, readOnly);
        this.#pragma(`busy_timeout = ${BUSY_MS}`);
      });
      this.#dataVersion = this.#pragma("data_version");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  load(): ArchiveIndex {
    return guarded(() => ({
      parts: this.#all("SELECT * FROM parts").map(toPart),
      batches: this.#all(
        "SELECT id, signal, start, hash, length(data) AS bytes FROM batches ORDER BY id",
      ).map((row) => ({ ...row }) as unknown as BatchRecord),
      runs: this.#all("SELECT data FROM runs").map((row) => JSON.parse(String(row["data"])) as Run),
      profiles: this.#all(
        "SELECT summary, trace, span, length(content) AS bytes FROM profiles",
      ).map(toProfile),
    }));
  }

  hasForeignChanges(): boolean {
    return guarded(() => {
      const version = this.#pragma("data_version");
      const hasChanged = version !== this.#dataVersion;
      this.#dataVersion = version;
      return hasChanged;
    });
  }

  write({ parts, batches, runs, profiles }: ArchiveChanges): number[] {
    return this.#transaction(() => {
      for (const { record, segment } of parts) {
        this.#run("REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ...partRow(record));
        if (segment !== undefined) {
          this.#run("INSERT INTO segments (part, data) VALUES (?, ?)", record.id, segment);
        }
      }
      const ids = batches.map(({ record: { signal, start, hash }, data }) => {
        const insert = "INSERT INTO batches (signal, start, hash, data) VALUES (?, ?, ?, ?)";
        return Number(this.#statement(insert).run(signal, start, hash, data).lastInsertRowid);
      });
      for (const run of runs) {
        this.#run("REPLACE INTO runs VALUES (?, ?)", run.id, JSON.stringify(run));
      }
      for (const { record, content } of profiles) {
        const { summary, traceId, spanId } = record;
        const row = [summary.id, JSON.stringify(summary), traceId, spanId, content] as const;
        this.#run("REPLACE INTO profiles VALUES (?, ?, ?, ?, ?)", ...row);
      }
      return ids;
    });
  }

  segments(part: string): Uint8Array[] {
    return guarded(() =>
      this.#all("SELECT data FROM segments WHERE part = ? ORDER BY id", part).map(
        (row) => row["data"] as Uint8Array,
      ),
    );
  }

  batch(id: number): Uint8Array | undefined {
    return guarded(() => this.#all("SELECT data FROM batches WHERE id = ?", id)[0]?.["data"]) as
      | Uint8Array
      | undefined;
  }

  profile(id: string): Uint8Array | undefined {
    return guarded(
      () => this.#all("SELECT content FROM profiles WHERE id = ?", id)[0]?.["content"],
    ) as Uint8Array | undefined;
  }

  remove({ parts = [], batches = [], runs = [], profiles = [] }: Removed): void {
    this.#withReserve(() => {
      for (const id of parts) {
        this.#run("DELETE FROM segments WHERE part = ?", id);
        this.#run("DELETE FROM parts WHERE id = ?", id);
      }
      for (const id of batches) this.#run("DELETE FROM batches WHERE id = ?", id);
      for (const id of runs) this.#run("DELETE FROM runs WHERE id = ?", id);
      for (const id of profiles) this.#run("DELETE FROM profiles WHERE id = ?", id);
    });
  }

  size(): number {
    return guarded(() => {
      const pages = this.#pragma("page_count") - this.#pragma("freelist_count");
      return pages * this.#pragma("page_size");
    });
  }

  close(): void {
    try {
      this.#database.close();
    } catch {
      // It was closed, or its file is unusable.
    }
  }

  #prepareTables(maxBytes: number, readOnly: boolean): void {
    if (!readOnly) this.#configure();
    const version = this.#pragma("user_version");
    if (version > SCHEMA_VERSION) {
      throw new ArchiveError("unusable", `it was written by a newer version of telltale`);
    }
    if (readOnly) return;
    this.#database.exec(SCHEMA);
    this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    this.#maxPages = Math.ceil(maxBytes / this.#pragma("page_size"));
    this.#limitPages(RESERVED_PAGES);
  }

  /**
   * SQLite fails at once, without waiting, if it begins to use a log while another process writes.
   */
  #configure(): void {
    const deadline = performance.now() + OPENING_BUSY_MS;
    for (;;) {
      try {
        this.#database.exec(PRAGMAS);
        return;
      } catch (error) {
        if (problemOf(error) !== "busy" || performance.now() >= deadline) throw error;
      }
      // This waits until the other one has finished.
      this.#database.exec("BEGIN IMMEDIATE; COMMIT");
    }
  }

  /** Runs a transaction that frees pages, and succeeds in a file that is full. */
  #withReserve(work: () => void): void {
    guarded(() => {
      this.#limitPages(0);
      try {
        this.#transaction(work);
      } finally {
        this.#limitPages(RESERVED_PAGES);
      }
    });
  }

  #limitPages(reserved: number): void {
    this.#pragma(`max_page_count = ${Math.max(1, this.#maxPages - reserved)}`);
  }

  #transaction<Result>(work: () => Result): Result {
    return guarded(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has rolled it back by itself after some errors.
        tryExec(this.#database, "ROLLBACK");
        throw error;
      }
    });
  }

  #pragma(text: string): number {
    const row = this.#database.prepare(`PRAGMA ${text}`).get();
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...values: readonly SqlValue[]): void {
    this.#statement(sql).run(...values);
  }

  #all(sql: string, ...values: readonly SqlValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }
}

type SqlValue = string | number | Uint8Array;
type Row = Readonly<Record<string, unknown>>;

function tryExec(database: DatabaseSync, sql: string): void {
  try {
    database.exec(sql);
  } catch {
    // There is no transaction any more.
  }
}

/** @throws ArchiveError for each error of SQLite. */
function guarded<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    // Text that is no JSON.
    const isDamaged = error instanceof SyntaxError;
    throw new ArchiveError(problemOf(error) ?? (isDamaged ? "corrupt" : "unusable"), error);
  }
}

function problemOf(error: unknown): ArchiveProblem | undefined {
  const code = (error as { readonly errcode?: unknown }).errcode;
  // The low byte is the primary code.
  return typeof code === "number" ? problems[code & 0xff] : undefined;
}

function partRow(record: PartRecord): SqlValue[] {
  const { id, traceId, start, changed, spans, logs, bytes, units } = record;
  return [id, traceId, start, changed, spans, logs, bytes, JSON.stringify(units)];
}

function toPart(row: Row): PartRecord {
  return {
    id: String(row["id"]),
    traceId: String(row["trace"]),
    start: Number(row["start"]),
    changed: Number(row["changed"]),
    spans: Number(row["spans"]),
    logs: Number(row["logs"]),
    bytes: Number(row["bytes"]),
    units: JSON.parse(String(row["units"])) as StoredUnit[],
  };
}

function toProfile(row: Row): ProfileRecord {
  return {
    summary: JSON.parse(String(row["summary"])) as ProfileSummary,
    traceId: String(row["trace"]),
    spanId: String(row["span"]),
    bytes: Number(row["bytes"]),
  };
}
