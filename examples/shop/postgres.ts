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
  /** Ends PostgreSQL and removes its files. Can be called again. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Folder of the databases, which is kept and can be reused; default: a temporary one. */
  readonly dataDir?: string;
  /**
   * A port, or a function that finds one, and is called again if another process has taken it
   * before PostgreSQL. Default: any free port.
   */
  readonly port?: number | (() => Promise<number>);
}

/**
 * Starts a PostgreSQL from npm, without installation, for the demo and for tests. If
 * `DATABASE_URL` is set, that database is used instead.
 *
 * It ends with `stop`, and with this process, however that ends.
 *
 * @throws Error with PostgreSQL's output if it doesn't start
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

/** Name of the user and of the database. */
const NAME = "shop";
/** Unprivileged user and group, since PostgreSQL refuses to run as root. */
const UNPRIVILEGED_USER = 65534;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
/** How many ports are tried, and what PostgreSQL prints if it can't have one. */
const PORT_ATTEMPTS = 5;
const PORT_IN_USE = "Address already in use";

class Cluster {
  readonly #identity: UserIdentity | undefined =
    process.getuid?.() === 0 ? { uid: UNPRIVILEGED_USER, gid: UNPRIVILEGED_USER } : undefined;
  /** Folder that is removed at the end. */
  readonly #scratch: string = mkdtempSync(join(openTemp(), "shop-postgres-"));
  readonly #directory: string;
  readonly #port: number | (() => Promise<number>);
  #server: Server | undefined = undefined;

  constructor({ dataDir, port = freePort }: PostgresOptions) {
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
    const port =
      typeof this.#port === "number"
        ? await this.#serve(postgres, this.#port)
        : await this.#serveOnFreePort(postgres, this.#port);
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

  /** Runs statements from stdin in single-user mode. An existing database is no error. */
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
      // A process that ends before it has read everything prints the reason on stderr.
      child.stdin?.on("error", () => {}).end(input);
    });
  }

  async #serveOnFreePort(postgres: string, findPort: () => Promise<number>): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#serve(postgres, await findPort());
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !String(error).includes(PORT_IN_USE)) throw error;
        // At its end, the shell would remove the database.
        if (this.#server !== undefined && process.platform !== "win32") kill(this.#server);
      }
    }
  }

  /** Returns the port. */
  async #serve(postgres: string, port: number): Promise<number> {
    // A temporary database needs no disk, and small buffers.
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
    return port;
  }

  #spawnOptions(): object {
    // English messages, and no variables that PostgreSQL reads (PGDATA, …).
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" };
    return { ...this.#identity, env, cwd: this.#directory };
  }
}

type Server = ChildProcessByStdio<Writable, null, Readable>;

/**
 * Shell script that runs a command until stdin ends, also because the process at the
 * other end is killed. Then removes the folder in the first argument.
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
    throw new Error(`PostgreSQL did not start: ${output.join("\n") || "without output"}`);
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

/** Ends the process group: without the shell, PostgreSQL would keep running. */
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
