import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/node.mjs";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, telemetryEnv } from "../../integration/program.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";

const apps = fileURLToPath(new URL("apps/", import.meta.url));
const bins = [
  fileURLToPath(new URL("node_modules/.bin", import.meta.url)),
  join(root, "node_modules/.bin"),
  dirname(process.execPath),
];

/** Folder for files that the launchers write. */
const scratch = join(tmpdir(), `telltale-launchers-${process.pid}`);

/** Commands that start an app. The preload is in NODE_OPTIONS, and so in every Node process. */
const commands: readonly (readonly string[])[] = [
  ["node", "app.cjs"],
  ["node", "--watch", "app.cjs"],
  ["npm", "run", "app"],
  ["npm", "run", "run"],
  ["run-p", "app"],
  ["cross-env", "A=1", "node", "app.cjs"],
  ["cross-env-shell", "node app.cjs"],
  ["env-cmd", "-f", "package.json", "--use-shell", "node app.cjs"],
  ["dotenv", "--", "node", "app.cjs"],
  ["c8", "--temp-directory", scratch, "--reporter", "none", "node", "app.cjs"],
  ["concurrently", "node app.cjs", "node waits.cjs --silent"],
  ["nodemon", "app.cjs"],
  ["ts-node-dev", "--transpile-only", "app.ts"],
  ["tsnd", "--transpile-only", "--respawn", "app.ts"],
  ["tsx", "app.ts"],
  ["tsx", "watch", "app.ts"],
  ["node", "late-launcher.cjs"],
  ["node", "forks-first.cjs"],
  ["node", "forks-later.cjs"],
  ["node", "cluster.cjs"],
  ["node", "waits.cjs"],
];

describe("The metrics page", function () {
  after(() => rm(scratch, { recursive: true, force: true }));

  for (const command of commands) {
    it(`is the app's under ${command.join(" ").replace(scratch, "…")}`, async () => {
      const port = await freePort();
      const launched = new LaunchedApp(command, {
        NODE_OPTIONS: preload.import.join(" "),
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      });
      try {
        const app = await launched.waitForOutput(/^(?:\[0\] )?app (\d+)\s/m);
        let owner: string | undefined;
        // On a busy machine, a launcher may have it until the app listens.
        await pollUntilTrue(
          async () => (owner = await pageOwner(port)) === app,
          () => `the page of ${app}, instead of ${owner}: ${launched.output}`,
        );
      } finally {
        await launched.end();
      }
    });
  }
});

describe("Telemetry queued when a TypeScript app ends", function () {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  const ways: readonly (readonly [
    command: readonly string[],
    by: "import" | "require",
    flags?: readonly string[],
  ])[] = [
    [["tsx"], "import"],
    [["tsx"], "require"],
    [["tsx"], "import", preload.import],
    [["node"], "import", ["--import", "tsx"]],
    [["node"], "require", ["--require", "tsx/cjs"]],
    [["ts-node"], "require", ["--transpile-only"]],
  ];
  for (const [command, by, flags = []] of ways) {
    const title = [...command, ...flags].join(" ").replace(/file:\S+/, "telltale/register");
    it(`is sent under ${title}, by --${by}`, async () => {
      const isFlag = flags === preload.import;
      const launched = new LaunchedApp([...command, ...flags, "end.ts"], {
        ...telemetryEnv(receiver),
        ...(isFlag ? {} : { NODE_OPTIONS: preload[by].join(" ") }),
      });
      assert.equal(await launched.code, 1);
      await receiver.settled();
      assert.doesNotMatch(launched.output, /telltale: /);
      assert.deepEqual([receiver.spans.length, receiver.events.length], [1, 1], launched.output);
    });
  }
});

/** A command, with all processes that it starts. */
class LaunchedApp {
  readonly code: Promise<number | null>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  output = "";

  constructor([file = "", ...args]: readonly string[], env: Readonly<Record<string, string>>) {
    const PATH = [...bins, process.env["PATH"]].join(":");
    this.#child = spawn(file, args, {
      cwd: apps,
      env: { PATH, HOME: scratch, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A separate process group, which is killed as a whole.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
    this.code = once(this.#child, "close").then(([code]) => code as number | null);
  }

  async waitForOutput(pattern: RegExp): Promise<string> {
    const look = async (): Promise<string | undefined> => pattern.exec(this.output)?.[1];
    return pollUntil(look, () => this.output);
  }

  async end(): Promise<void> {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    await this.code;
  }
}

/** Returns the id of the process that has the page; undefined if none has. */
async function pageOwner(port: number): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  // The connection is lost if another process takes over.
  const page = await response?.text().catch(() => "");
  return /process_pid="(\d+)"/.exec(page ?? "")?.[1];
}
