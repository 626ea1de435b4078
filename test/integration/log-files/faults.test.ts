import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { programOrSkip, skipUnless } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { Program } from "../program.ts";
import { LogService, type LogServiceOptions } from "./log-service.ts";
import { linesIn, readLines } from "./read-lines.ts";

/** A user without rights: the tests may run as root, who may write everywhere. */
const asNobody =
  process.getuid?.() === 0
    ? ["--import", "data:text/javascript,process.setgid(65534);process.setuid(65534)"]
    : [];

describe("Log files in trouble", () => {
  let folder: string;
  let logs: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-log-faults-"));
    chmodSync(folder, 0o755);
    logs = join(folder, "logs");
  });
  afterEach(async () => {
    await Program.killAll();
    rmSync(folder, { recursive: true });
  });

  const start = (options: Partial<LogServiceOptions> = {}): Promise<LogService> =>
    LogService.start({ folder: logs, ...options });
  const assertLines = async (count: number): Promise<void> => {
    const lines = await readLines(logs, "application");
    const numbers = lines.map(({ line }) => Number(line)).toSorted((one, other) => one - other);
    assert.deepEqual(
      numbers,
      Array.from({ length: count }, (_, index) => index),
    );
  };

  const unusable: readonly (readonly [string, () => Partial<LogServiceOptions>, RegExp])[] = [
    [
      "is a file",
      () => {
        writeFileSync(logs, "a file");
        return {};
      },
      /it is no folder/,
    ],
    [
      "can't be written",
      () => {
        mkdirSync(logs);
        chmodSync(logs, 0o555);
        return { early: asNobody };
      },
      /EACCES/,
    ],
    [
      "can't be created",
      () => {
        chmodSync(folder, 0o555);
        return { early: asNobody };
      },
      /EACCES/,
    ],
  ];
  for (const [title, prepare, reason] of unusable) {
    it(`leave the app alone if the folder ${title}: one line has the reason, one the number of lost lines`, async () => {
      const service = await start(prepare());
      await service.log(0, 10);
      await pollUntilTrue(async () => (await service.status()) === "warn", "the failed check");
      assert.equal((await service.counts()).queued, 10);
      const { signal, stderr } = await service.stop();
      chmodSync(folder, 0o755);
      assert.equal(signal, "SIGTERM");
      const [first = "", second = "", ...more] = linesIn(stderr);
      assert.ok(first.includes(`TELLTALE_LOG_DIR: received "${logs}", expected a folder`), first);
      assert.match(first, reason);
      assert.match(second, /10 lines could not be written to .*application\.log at the end: /);
      assert.deepEqual(more, []);
    });
  }

  it("write the lines that waited once the folder can be used", async () => {
    writeFileSync(logs, "a file");
    const service = await start();
    await service.log(0, 10);
    await pollUntilTrue(async () => (await service.status()) === "warn", "the failed check");
    rmSync(logs);
    await service.waitForCounts(({ queued }) => queued === 0);
    assert.equal(await service.status(), "pass");
    const { stderr } = await service.stop();
    await assertLines(10);
    assert.match(stderr, /application\.log can be written again; 0 lines were dropped/);
  });

  const changes: readonly (readonly [string, () => void])[] = [
    ["the folder is renamed", () => renameSync(logs, `${logs}-old`)],
    [
      "a file is renamed",
      () => renameSync(join(logs, "application.log"), join(logs, "application.log.old")),
    ],
  ];
  for (const [title, change] of changes) {
    it(`lose no line if ${title}`, async () => {
      const service = await start();
      await service.logAndWait(0, 10);
      change();
      await service.logAndWait(10, 10);
      const { stderr } = await service.stop();
      assert.equal(stderr, "");
      const old = title.includes("folder") ? await readLines(`${logs}-old`, "application") : [];
      const lines = [...old, ...(await readLines(logs, "application"))];
      assert.deepEqual(
        lines.map(({ line }) => line).toSorted((a, b) => Number(a) - Number(b)),
        Array.from({ length: 20 }, (_, index) => index),
      );
    });
  }

  it("go on if a file is deleted", async () => {
    const service = await start();
    await service.logAndWait(0, 10);
    rmSync(join(logs, "application.log"));
    await service.logAndWait(10, 10);
    await service.stop();
    const lines = await readLines(logs, "application");
    assert.deepEqual(
      lines.map(({ line }) => line),
      Array.from({ length: 10 }, (_, index) => index + 10),
    );
  });

  for (const mode of ["copytruncate", "create", "copytruncate\n compress"]) {
    it(`are rotated by logrotate with ${mode.replace("\n", " and")}`, async function () {
      const logrotate = programOrSkip(this, "logrotate");
      const config = join(folder, "logrotate.conf");
      writeFileSync(config, `${logs}/*.log {\n rotate 9\n missingok\n ${mode}\n}\n`, {
        mode: 0o600,
      });
      const service = await start();
      for (let round = 0; round < 3; round++) {
        await service.logAndWait(round * 10, 10);
        execFileSync(logrotate, ["--force", "--state", join(folder, "state"), config]);
      }
      await service.logAndWait(30, 10);
      const { stderr } = await service.stop();
      assert.equal(stderr, "");
      await assertLines(40);
    });
  }

  it("don't block the app by a named pipe in the place of a file", async () => {
    mkdirSync(logs);
    execFileSync("mkfifo", [join(logs, "application.log")]);
    const service = await start();
    await service.log(0, 10);
    await pollUntilTrue(async () => (await service.status()) === "warn", "the failed check");
    const { signal, stderr } = await service.stop();
    assert.equal(signal, "SIGTERM");
    assert.match(stderr, /10 lines could not be written/);
  });

  it("have whole lines only at the limit of a file's size, and the counts of the others", async () => {
    // The limit is in units of 512 bytes.
    const service = await start({ shell: "ulimit -f 64" });
    await service.log(0, 1000);
    await pollUntilTrue(async () => (await service.status()) === "warn", "the failed check");
    const { created, sent, queued } = await service.counts();
    assert.equal(created, 1000);
    assert.equal(sent + queued, 1000);
    assert.ok(sent > 0 && queued > 0, `${sent} sent`);
    const text = readFileSync(join(logs, "application.log"), "utf8");
    assert.ok(text.length > 31 * 1024 && text.length <= 32 * 1024, `${text.length} bytes`);
    const { signal, stderr } = await service.stop();
    assert.equal(signal, "SIGTERM");
    assert.match(stderr, /application\.log can't be written: EFBIG/);
    assert.match(stderr, new RegExp(`${queued} lines could not be written to .* EFBIG`));
    await assertLines(sent);
  });

  it("have every line once and whole after a full disk has space again", async function () {
    mkdirSync(logs);
    mountTmpfsOrSkip(this, logs, "256k");
    try {
      const ballast = join(logs, "ballast");
      writeFileSync(ballast, Buffer.alloc(200 * 1024));
      const service = await start();
      await service.log(0, 500);
      await pollUntilTrue(async () => (await service.status()) === "warn", "the failed check");
      // Each attempt may write the beginning of a line, which it then removes.
      let text = "";
      await pollUntilTrue(
        () => {
          text = readFileSync(join(logs, "application.log"), "utf8");
          return text === "" || text.endsWith("}\n");
        },
        () => `whole lines, not ${text.slice(-100)}`,
      );
      rmSync(ballast);
      await service.waitForCounts(({ queued }) => queued === 0);
      const { stderr } = await service.stop();
      assert.match(stderr, /application\.log can't be written: ENOSPC/);
      assert.match(stderr, /application\.log can be written again; 0 lines were dropped/);
      await assertLines(500);
    } finally {
      await Program.killAll();
      execFileSync("umount", [logs]);
    }
  });

  it("are compressed after a rotation, also those that another process has left", async () => {
    mkdirSync(logs);
    writeFileSync(join(logs, "application.log.1"), '{"line":0}\n');
    const service = await start({
      env: { TELLTALE_LOG_MAX_SIZE: "10kB", TELLTALE_LOG_COMPRESS: "true" },
    });
    await service.logAndWait(1, 99);
    // Also the last one: the end of the process in the middle of a compression leaves half of a file.
    await pollUntilTrue(() => {
      const rotated = readdirSync(logs).filter((name) => name.startsWith("application.log."));
      return rotated.length >= 3 && rotated.every((name) => name.endsWith(".gz"));
    }, "compressed files");
    const { stderr } = await service.stop();
    assert.equal(stderr, "");
    await assertLines(100);
  });

  it("have a line of five megabytes cut, and every other line as it is", async () => {
    const service = await start();
    await service.log(0, 1);
    await service.log(1, 1, 5_000_000);
    await service.logAndWait(2, 1);
    const { stderr } = await service.stop();
    assert.equal(stderr, "");
    const lines = await readLines(logs, "application");
    assert.deepEqual(
      lines.map(({ line, message, text }) => [line, message, String(text).slice(-11)]),
      [
        [0, "a line", ""],
        [1, "a line", "[Truncated]"],
        [2, "a line", ""],
      ],
    );
    assert.equal(String(lines[1]?.["text"]).length, 250_011);
  });

  it("take a bounded memory: the newest lines are dropped, counted and reported", async () => {
    writeFileSync(logs, "a file");
    const service = await start();
    for (let round = 0; round < 8; round++) await service.log(round * 1000, 1000, 1000);
    await service.waitForCounts(({ dropped }) => dropped > 0);
    const { created, sent, queued } = await service.counts();
    assert.deepEqual([created, sent], [8000, 0]);
    assert.ok(queued > 3000 && queued < 4000, `${queued} queued`);
    rmSync(logs);
    await service.waitForCounts((counts) => counts.queued === 0);
    const { sent: written, dropped, reasons } = await service.counts();
    assert.equal(written + dropped, 8000);
    assert.deepEqual(reasons, { queue_full: dropped });
    const page = await service.metrics();
    assert.match(
      page,
      new RegExp(
        `^telltale_telemetry_dropped_total\\{[^}]*queue_full[^}]*log_lines[^}]*\\} ${dropped}$`,
        "m",
      ),
    );
    const { stderr } = await service.stop();
    assert.ok(stderr.includes(`can be written again; ${dropped} lines were dropped`), stderr);
    await assertLines(written);
  });
});

/** Mounts a small disk. Without the right to do that the test is skipped, and fails if CI is set. */
function mountTmpfsOrSkip(test: Context, path: string, size: string): void {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    skipUnless(test, false, `the right to mount a tmpfs (${String(error)})`);
  }
}
