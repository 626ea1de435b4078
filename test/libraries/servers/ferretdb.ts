import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sendAndReceive, requireProgram, type StartedServer, startServer } from "./server.ts";

export interface MongoPeer extends StartedServer {
  /** `mongodb://127.0.0.1:port`. */
  readonly url: string;
}

/**
 * Starts FerretDB 1.24 over SQLite, which implements MongoDB's wire protocol.
 * MongoDB's own server is neither in Debian nor on npm.
 *
 * It is built with Go once per version (one to three minutes) and stored in the
 * user's cache folder.
 *
 * @throws Error if Go is not installed, or if the build or the start fails
 */
export async function startFerretDb(): Promise<MongoPeer> {
  const server = await startServer({
    program: await binary(),
    args: (port, folder) => [String(port), folder],
    isUp: async (port) => ((await sendAndReceive(port, PING))?.length ?? 0) > 16,
  });
  return { ...server, url: `mongodb://${server.host}:${server.port}` };
}

/** Longer than it takes on two busy cores. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

const run = promisify(execFile);
const source = join(import.meta.dirname, "ferretdb");

async function binary(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const stamp = createHash("sha256");
  for (const name of readdirSync(source).toSorted()) stamp.update(readFileSync(join(source, name)));
  const path = join(cache, "telltale", `ferretdb-${stamp.digest("hex").slice(0, 16)}`);
  if (!existsSync(path)) await build(path);
  return path;
}

async function build(path: string): Promise<void> {
  const folder = join(tmpdir(), `telltale-ferretdb-${process.pid}`);
  cpSync(source, folder, { recursive: true });
  mkdirSync(join(path, ".."), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    const flags = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w"];
    await run(requireProgram("go"), ["build", ...flags, "-o", unfinished, "."], {
      cwd: folder,
      timeout: BUILD_TIMEOUT_MS,
    });
    renameSync(unfinished, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const OP_MSG = 2013;

/**
 * `{ ping: 1, $db: "admin" }` as a message of the wire protocol:
 * https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg
 */
const PING = ((): Buffer => {
  const body = Buffer.from("\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0", "latin1");
  const message = Buffer.alloc(16 + 5 + 4 + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(OP_MSG, 12);
  message.writeInt32LE(4 + body.length, 21);
  body.copy(message, 25);
  return message;
})();
