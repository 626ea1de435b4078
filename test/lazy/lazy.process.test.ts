import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { node } from "../nodes.ts";

const run = promisify(execFile);
const app = fileURLToPath(new URL("apps/exhausted.ts", import.meta.url));

/** Without the file of certificates of this machine, which Node reads in a thread at a time of its own. */
const env = { ...process.env, NODE_EXTRA_CA_CERTS: "" };

/** The races with libuv's threads end differently each time. */
const RUNS = 3;

describe("Lazy modules", () => {
  it("are loaded if no file descriptor is left, while other files are being opened", async () => {
    for (let index = 0; index < RUNS; index++) {
      const limited = ["--nofile=64", node, app];
      const { stdout } = await run("prlimit", limited, { env, timeout: 60_000 });
      assert.deepEqual(JSON.parse(stdout), { reserved: 6, failures: [] });
    }
  });
});
