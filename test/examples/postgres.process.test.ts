import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { node } from "../nodes.ts";
import { freePort } from "../free-port.ts";
import { pollUntilTrue } from "../until.ts";

const launcher = new URL("../../examples/shop/postgres.ts", import.meta.url).href;

/** Starts PostgreSQL in a child process, with all temporary files below `directory`. */
function launch(
  directory: string,
  then: string,
  environment: NodeJS.ProcessEnv = {},
  options = "{}",
) {
  const program = `
    import { startPostgres } from ${JSON.stringify(launcher)};
    const { url, stop } = await startPostgres(${options});
    ${then}
    console.log(url);`;
  const { DATABASE_URL: _, ...inherited } = process.env;
  return spawn(node, ["--input-type=module", "--eval", program], {
    env: { ...inherited, TMPDIR: directory, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function firstLine(child: ReturnType<typeof launch>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("it wrote nothing");
}

async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const outcome = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return outcome;
}

describe("The demo's PostgreSQL", function () {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "telltale-postgres-"));
    chmodSync(directory, 0o777);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("listens, and leaves no files behind when it is stopped", async () => {
    const child = launch(
      directory,
      `process.once("SIGTERM", async () => {
      await Promise.all([stop(), stop()]);
      process.exit(0);
    });`,
    );
    const url = await firstLine(child);
    assert.ok(await listens(url));
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
    assert.equal(await listens(url), false);
    assert.deepEqual(readdirSync(directory), []);
  });

  it("takes another port if a process has taken the first one meanwhile", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const ports = [(taken.address() as AddressInfo).port, await freePort()];
    const options = `{ port: async () => (globalThis.ports ??= [${ports.join()}]).shift() }`;
    const child = launch(directory, "setInterval(() => {}, 1000);", {}, options);
    const url = await firstLine(child);
    taken.close();
    assert.equal(Number(new URL(url).port), ports[1]);
    assert.ok(await listens(url));
    child.kill("SIGKILL");
    await pollUntilTrue(() => readdirSync(directory).length === 0, "an empty directory");
  });

  it("leaves no files behind when its process is killed", async () => {
    const child = launch(directory, "setInterval(() => {}, 1000);");
    const url = await firstLine(child);
    assert.ok(await listens(url));
    child.kill("SIGKILL");
    await pollUntilTrue(async () => !(await listens(url)), "a server that is gone");
    await pollUntilTrue(() => readdirSync(directory).length === 0, "an empty directory");
  });

  it("is not started if DATABASE_URL is set", async () => {
    const address = "postgres://user:secret@db.example/shop";
    const child = launch(directory, "await stop();", { DATABASE_URL: address });
    assert.equal(await firstLine(child), address);
    assert.deepEqual(readdirSync(directory), []);
  });
});
