import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { findBinaries, type UserIdentity, openTemp } from "./postgres-binaries.ts";

export interface Postgres {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Ends it and removes what it has written. Can be called again. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Kept after the end and used again, databases and all; default: a temporary one. */
  readonly dataDir?: string;
  /** Default: any that is free. */
  readonly port?: number;
}

/**
 * A PostgreSQL of our own, from npm, without installing anything: for the demo
 * and for tests. With `DATABASE_URL` set, that database is used instead.
 *
 * It ends with `stop`, and with this process, however that ends.
 *
 * @throws Error with PostgreSQL's own words if it doesn't start
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const given = process.env["DATABASE_URL"];
  if (given) return { url: given, stop: () => Promise.resolve() };
  const cluster = new Cluster(options);
  try {
    const url = await cluster.start();
    return { url, stop: () => cluster.stop() };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** User and database alike. */
const NAME = "shop";
/** The user "nobody": PostgreSQL refuses to run as root. */
const UNPRIVILEGED_USER = 65534;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

class Cluster {
  readonly #identity: UserIdentity | undefined =
    process.getuid?.() === 0 ? { uid: UNPRIVILEGED_USER, gid: UNPRIVILEGED_USER } : undefined;
  /** Removed at the end. */
  readonly #scratch: string = mkdtempSync(join(openTemp(), "shop-postgres-"));
  readonly #directory: string;
  readonly #port: number | undefined;
  #server: Server | undefined = undefined;

  constructor({ dataDir, port }: PostgresOptions) {
    this.#directory = dataDir ?? join(this.#scratch, "data");
    this.#port = port;
  }

  /** Returns the address. */
  async start(): Promise<string> {
    mkdirSync(this.#directory, { recursive: true });
    this.#chown(this.#scratch);
    this.#chown(this.#directory);
    const { initdb, postgres } = findBinaries(this.#identity, this.#scratch);
    if (!existsSync(join(this.#directory, "PG_VERSION"))) await this.#initialise(initdb);
    const password = randomBytes(12).toString("hex");
    await this.#prepare(postgres, password);
    const port = this.#port ?? (await freePort());
    await this.#serve(postgres, port);
    return `postgres://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await end(server);
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  #chown(path: string): void {
    if (this.#identity !== undefined) chownSync(path, this.#identity.uid, this.#identity.gid);
  }

  async #initialise(initdb: string): Promise<void> {
    const options = ["--username", NAME, "--encoding=UTF8", "--locale=C", "--auth=trust"];
    await this.#run(initdb, ["-D", this.#directory, "--no-sync", ...options]);
    const rule = "host all all 127.0.0.1/32 scram-sha-256\n";
    writeFileSync(join(this.#directory, "pg_hba.conf"), rule);
  }

  /** PostgreSQL without its server takes statements from stdin; that the database exists is no harm. */
  #prepare(postgres: string, password: string): Promise<void> {
    return this.#run(
      postgres,
      ["--single", "-D", this.#directory, "postgres"],
      `ALTER USER ${NAME} PASSWORD '${password}';\nCREATE DATABASE ${NAME};\n`,
    );
  }

  async #run(program: string, args: readonly string[], input = ""): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const child = execFile(program, args, this.#spawnOptions(), (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${program} failed: ${stderr.trim() || error.message}`));
      });
      // Who ends before it has read all says why on stderr.
      child.stdin?.on("error", () => {}).end(input);
    });
  }

  async #serve(postgres: string, port: number): Promise<void> {
    // A database that nobody keeps needs no disk, and small buffers do.
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      port,
      fsync: "off",
      shared_buffers: "16MB",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const command = [postgres, "-D", this.#directory, ...flags];
    const [program = "", ...args] =
      process.platform === "win32"
        ? command
        : ["/bin/sh", "-c", WATCHDOG_SCRIPT, "sh", this.#scratch, ...command];
    this.#server = spawn(program, args, {
      ...this.#spawnOptions(),
      stdio: ["pipe", "ignore", "pipe"],
      detached: process.platform !== "win32",
    });
    await waitUntilReady(this.#server);
  }

  #spawnOptions(): object {
    // English messages, and nothing of the environment that PostgreSQL would heed (PGDATA, …).
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" };
    return { ...this.#identity, env, cwd: this.#directory };
  }
}

type Server = ChildProcessByStdio<Writable, null, Readable>;

/**
 * Runs a command until stdin ends, which it also does when the process at its
 * other end is killed; then removes the folder that is named first.
 */
const WATCHDOG_SCRIPT = `
  garbage=$1; shift
  cd /
  "$@" </dev/null & server=$!
  exec 2>/dev/null
  read -r nothing
  kill -INT $server
  wait $server
  rm -rf -- "$garbage"
`;

async function waitUntilReady(server: Server): Promise<void> {
  const output: string[] = [];
  const lines = createInterface({ input: server.stderr });
  const deadline = setTimeout(() => lines.close(), START_TIMEOUT_MS);
  for await (const line of lines) {
    output.push(line);
    if (line.includes("database system is ready to accept connections")) break;
  }
  clearTimeout(deadline);
  server.stderr.resume();
  if (!output.at(-1)?.includes("ready to accept")) {
    throw new Error(`PostgreSQL did not start: ${output.join("\n") || "it said nothing"}`);
  }
}

async function end(server: Server): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  const killer = setTimeout(() => kill(server), STOP_TIMEOUT_MS);
  server.stdin.end();
  if (process.platform === "win32") server.kill();
  await exited;
  clearTimeout(killer);
}

/** The whole group: the shell would leave PostgreSQL behind. */
function kill({ pid }: Server): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
