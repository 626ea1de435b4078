import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type ArchiveChanges, ArchiveError } from "../../../src/viewer/store/history/archive.ts";
import { SqliteArchive } from "../../../src/viewer/store/history/sqlite-archive.ts";
import { loadSqlite } from "../../../src/viewer/store/history/sqlite.ts";
import { Random } from "../../random.ts";

const MAX_BYTES = 256 * 1024;

/** Longer than a process waits to write. */
const LOCKED_MS = 400;

/** Writes to a new file, as a process does that creates the tables. */
const LOCKING = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(workerData);
  database.exec("BEGIN IMMEDIATE");
  parentPort.postMessage("writes");
  setTimeout(() => {
    database.exec("COMMIT");
    database.close();
  }, ${LOCKED_MS});
`;

/** With these, SQLite needed one more page for a removal in a full file. */
const SEEDS = [8, 19];

describe("An archive in a file of SQLite", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-archive-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const seed of SEEDS) {
    it(`removes parts while it is full, within its limit (seed ${seed})`, () => {
      const random = new Random(seed);
      const sqlite = loadSqlite() ?? assert.fail("no node:sqlite");
      const path = join(folder, "history.db");
      const archive = new SqliteArchive(sqlite, path, MAX_BYTES);
      const ids: string[] = [];
      let removals = 0;
      try {
        for (let step = 0; step < 200; step++) {
          const parts = Array.from({ length: 1 + random.below(10) }, () => randomPart(random));
          if (isWritten(archive, parts)) ids.push(...parts.map(({ record }) => record.id));
          else {
            const removed = Array.from({ length: 1 + random.below(5) }, () =>
              ids.splice(random.below(ids.length), 1),
            ).flat();
            archive.remove({ parts: removed });
            removals++;
          }
        }
        assert.deepEqual(
          archive
            .load()
            .parts.map(({ id }) => id)
            .toSorted(),
          ids.toSorted(),
        );
      } finally {
        archive.close();
      }
      assert.ok(removals > 50, String(removals));
      assert.ok(statSync(path).size <= MAX_BYTES);
    });
  }

  it("is opened once another process has created the tables, however long that takes", async () => {
    const sqlite = loadSqlite() ?? assert.fail("no node:sqlite");
    const path = join(folder, "history.db");
    const other = new Worker(LOCKING, { eval: true, workerData: path });
    const ended = once(other, "exit");
    await once(other, "message");
    const archive = new SqliteArchive(sqlite, path, MAX_BYTES);
    const part = randomPart(new Random(1));
    assert.ok(isWritten(archive, [part]));
    assert.deepEqual(
      archive.load().parts.map(({ id }) => id),
      [part.record.id],
    );
    archive.close();
    await ended;
  });
});

/** @returns false if the file is full */
function isWritten(archive: SqliteArchive, parts: ArchiveChanges["parts"]): boolean {
  try {
    archive.write({ parts, batches: [], runs: [], profiles: [] });
    return true;
  } catch (error) {
    assert.ok(error instanceof ArchiveError);
    assert.equal(error.problem, "full");
    return false;
  }
}

function randomPart(random: Random): ArchiveChanges["parts"][number] {
  const id = Array.from({ length: 4 }, () => random.below(2 ** 32).toString(16)).join("");
  const bytes = Math.floor(random.next() ** 3 * 6000);
  const units = ["u".repeat(100 + random.below(1500))] as unknown as [];
  const counts = { start: 0, changed: 0, spans: 1, logs: 0 };
  return { record: { id, traceId: id, ...counts, bytes, units }, segment: new Uint8Array(bytes) };
}
