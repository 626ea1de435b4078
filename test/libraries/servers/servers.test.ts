import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntil } from "../../until.ts";
import { startMariaDb } from "./mariadb.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { sendAndReceive } from "./server.ts";

describe("A test server", () => {
  it("runs Redis, and leaves nothing behind", async function () {
    programOrSkip(this, "redis-server");
    const redis = await startRedis();
    assert.equal(await answerOf(redis.port, "ECHO hello\r\n"), "$5\r\nhello\r\n");
    await redis.stop();
    await redis.stop();
    assert.equal(await isOpen(redis.port), false);
  });

  it("runs MariaDB, and leaves nothing behind", async function () {
    programOrSkip(this, "mariadb-install-db");
    const mariadb = await startMariaDb();
    assert.match(await answerOf(mariadb.port, ""), /MariaDB/);
    await mariadb.stop();
    assert.equal(await isOpen(mariadb.port), false);
  });

  it("runs PostgreSQL, and leaves nothing behind", async function () {
    // Nothing else listens at its port as soon as it has ended.
    const postgres = await startPostgres({ port: freePort });
    const port = Number(new URL(postgres.url).port);
    assert.equal(await isOpen(port), true);
    await postgres.stop();
    assert.equal(await isOpen(port), false);
  });

  it("ends when the process that started it is killed, and leaves nothing behind", async function () {
    programOrSkip(this, "redis-server");
    const path = fileURLToPath(new URL("redis.ts", import.meta.url));
    const code = `
      import { startRedis } from ${JSON.stringify(path)};
      console.log((await startRedis()).port);
      setInterval(() => {}, 1000);`;
    const folder = mkdtempSync(join(tmpdir(), "telltale-servers-"));
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", code], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [data] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(data.toString());
    assert.equal(await isOpen(port), true);
    assert.equal(readdirSync(folder).length, 1);
    child.kill("SIGKILL");
    while ((await isOpen(port)) || readdirSync(folder).length > 0) await delay(10);
    rmdirSync(folder);
  });

  it("is reported with the name of its package if it is missing", async () => {
    const { PATH } = process.env;
    process.env["PATH"] = "/nowhere";
    try {
      await assert.rejects(startRedis(), /redis-server is missing \(Debian: redis-server\)/);
    } finally {
      process.env["PATH"] = PATH;
    }
  });
});

/** Waits for an answer: a busy server may take longer than one try waits. */
async function answerOf(port: number, request: string): Promise<string> {
  const answer = await pollUntil(() => sendAndReceive(port, request), "an answer");
  return answer.toString();
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      resolve(true);
      socket.destroy();
    }).once("error", () => resolve(false));
  });
}
