import assert from "node:assert/strict";
import {
  closeSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { RotatingFile } from "../../../src/logs/files/rotating-file.ts";

describe("A rotating file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-rotating-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const create = ({ maxBytes = 100, maxBackups = 3, daily = false } = {}): RotatingFile =>
    new RotatingFile({
      path: join(folder, "application.log"),
      limits: { maxBytes, maxBackups },
      daily,
      onRotationError: assert.ifError,
      onRotated() {},
    });
  const append = (file: RotatingFile, text: string): void => {
    const { descriptor } = file.open(Buffer.byteLength(text));
    writeSync(descriptor, text);
    closeSync(descriptor);
  };
  /** The contents of all files, by name. */
  const contents = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder)
        .toSorted()
        .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    );

  it("keeps the newest files, under numbers that never change", () => {
    const file = create({ maxBytes: 10 });
    for (let line = 1; line <= 12; line++) append(file, `${line}23456\n`);
    assert.deepEqual(contents(), {
      "application.log": "1223456\n",
      "application.log.10": "1023456\n",
      "application.log.11": "1123456\n",
      "application.log.9": "923456\n",
    });
  });

  it("is continued by the next process", () => {
    append(create(), "one\n");
    append(create(), "two\n");
    assert.deepEqual(contents(), { "application.log": "one\ntwo\n" });
  });

  it("writes a line that is longer than the limit to a file of its own", () => {
    const file = create({ maxBytes: 5 });
    for (const text of ["one\n", `${"2".repeat(20)}\n`, "three\n"]) append(file, text);
    assert.deepEqual(Object.values(contents()), ["three\n", "one\n", `${"2".repeat(20)}\n`]);
  });

  const line = (day: string, text: string): string =>
    `{"timestamp":"${day}T12:00:00.000Z","message":"${text}"}\n`;
  const [yesterday, today, tomorrow] = ["2026-11-28", "2026-11-29", "2026-11-30"] as const;
  /** Tests never run over midnight. */
  const setClock = (): void => mock.timers.enable({ apis: ["Date"], now: Date.parse(today) });
  afterEach(() => mock.timers.reset());

  it("begins anew each day, also by size, and after a restart in the middle of a day", () => {
    setClock();
    const path = join(folder, "application.log");
    writeFileSync(path, line(yesterday, "old"));
    // Changed today, but its first line is older.
    append(create({ daily: true, maxBytes: 150 }), line(today, "first"));
    append(create({ daily: true, maxBytes: 150 }), line(today, "second"));
    append(create({ daily: true, maxBytes: 150 }), line(today, "third"));
    assert.deepEqual(contents(), {
      "application.log": line(today, "third"),
      "application.log.1": line(yesterday, "old"),
      "application.log.2": line(today, "first") + line(today, "second"),
    });
  });

  it("is not rotated by a clock that was set back", () => {
    setClock();
    writeFileSync(join(folder, "application.log"), line(tomorrow, "future"));
    const file = create({ daily: true, maxBytes: 1000 });
    append(file, line(today, "one"));
    append(file, line(today, "two"));
    assert.equal(Object.keys(contents()).length, 1);
  });

  it("never overwrites a rotated file of another process", () => {
    const file = create({ maxBytes: 5, maxBackups: 100 });
    append(file, "one\n");
    writeFileSync(join(folder, "application.log.1"), "theirs\n");
    writeFileSync(join(folder, "application.log.3.gz"), "theirs\n");
    append(file, "two\n");
    append(file, "three\n");
    assert.deepEqual(contents(), {
      "application.log": "three\n",
      "application.log.1": "theirs\n",
      "application.log.3.gz": "theirs\n",
      "application.log.4": "one\n",
      "application.log.5": "two\n",
    });
  });

  it("grows while another process holds the lock, and takes over the lock of one that was killed", () => {
    const file = create({ maxBytes: 5 });
    const lock = join(folder, "application.log.lock");
    append(file, "one\n");
    writeFileSync(lock, "");
    append(file, "two\n");
    assert.equal(contents()["application.log"], "one\ntwo\n");
    utimesSync(lock, 0, 0);
    append(file, "three\n");
    assert.deepEqual(contents(), {
      "application.log": "three\n",
      "application.log.1": "one\ntwo\n",
    });
  });

  it("goes on after its file was renamed, deleted or truncated, and after the folder was deleted", () => {
    const file = create();
    append(file, "one\n");
    rmSync(join(folder, "application.log"));
    append(file, "two\n");
    writeFileSync(join(folder, "application.log"), "");
    append(file, "three\n");
    assert.deepEqual(contents(), { "application.log": "three\n" });
    rmSync(folder, { recursive: true });
    append(file, "four\n");
    assert.deepEqual(contents(), { "application.log": "four\n" });
  });
});
