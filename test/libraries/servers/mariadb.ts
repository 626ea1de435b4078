import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findInPath } from "../../../scripts/test/programs.ts";
import { sendAndReceive, requireProgram, type StartedServer, startServer } from "./server.ts";

export interface MariaDb extends StartedServer {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `mysql://user:password@127.0.0.1:port/database`. */
  readonly url: string;
}

const run = promisify(execFile);

/** Name of both the user and the database. */
const NAME = "shop";

/**
 * Starts Debian's MariaDB, with a user and a database `shop`.
 *
 * @throws Error if it is not installed or does not start
 */
export async function startMariaDb(): Promise<MariaDb> {
  const password = randomBytes(12).toString("hex");
  const server = await startServer({
    program: serverPath(),
    args: (port, folder) => prepare(port, folder, password),
    // The server sends the handshake first: length, sequence, protocol 10.
    isUp: async (port) => (await sendAndReceive(port, ""))?.[4] === 10,
  });
  const address = `${server.host}:${server.port}`;
  const url = `mysql://${NAME}:${password}@${address}/${NAME}`;
  return { ...server, user: NAME, password, database: NAME, url };
}

/** Debian installs the server in /usr/sbin, which is not in every PATH. */
function serverPath(): string {
  const installer = requireProgram(INSTALLER);
  return findInPath("mariadbd") ?? join(dirname(dirname(installer)), "sbin", "mariadbd");
}

const INSTALLER = "mariadb-install-db";

async function prepare(port: number, folder: string, password: string): Promise<string[]> {
  const data = join(folder, "data");
  const asWho = process.getuid?.() === 0 ? ["--user=root"] : [];
  const options = ["--no-defaults", `--datadir=${data}`, ...asWho];
  await run(requireProgram(INSTALLER), [...options, "--skip-test-db"]);
  const statements = join(folder, "start.sql");
  writeFileSync(
    statements,
    `CREATE DATABASE ${NAME};\n` +
      `CREATE USER ${NAME}@'127.0.0.1' IDENTIFIED BY '${password}';\n` +
      `GRANT ALL ON ${NAME}.* TO ${NAME}@'127.0.0.1';\n`,
  );
  return [
    ...options,
    ...[`--port=${port}`, "--bind-address=127.0.0.1", `--socket=${join(folder, "socket")}`],
    ...[`--init-file=${statements}`, "--skip-name-resolve", "--innodb-buffer-pool-size=16M"],
    ...["--innodb-flush-log-at-trx-commit=0", "--performance-schema=OFF"],
  ];
}
