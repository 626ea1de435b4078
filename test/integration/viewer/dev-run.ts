import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page, Run, UnitDetail, UnitSummary } from "../../../src/viewer/model.ts";
import { readViewerState, type ViewerState } from "../../../src/viewer/state-file.ts";
import { node } from "../../nodes.ts";
import { pollUntil } from "../../until.ts";
import { Program } from "../program.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** A server that prints its port, and answers with the paths of its requests. */
export const SERVER = `
import http from "node:http";
http.createServer((request, response) => {
  if (request.url === "/end") setImmediate(() => process.exit(7));
  if (request.url === "/fail") response.statusCode = 500;
  response.end(request.url);
}).listen(0, "127.0.0.1", function () {
  console.log("listening on " + this.address().port);
});
`;

/** A busy machine needs longer for the last request than the usual 800 ms. */
export const DEV_ENV: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  TELLTALE_FLUSH_TIMEOUT: "20000",
};

/** A project on disk in which telltale dev runs. */
export class DevProject {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "telltale-dev-")));
  readonly #programs: Program[] = [];

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.write("package.json", JSON.stringify({ name: "shop", type: "module" }));
    this.write("server.js", SERVER);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Runs telltale dev; `node` as the first word of a command is the tested one. */
  dev(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ): Program {
    const program = new Program({
      file: cli,
      args: ["dev", ...args.map((word) => (word === "node" ? node : word))],
      cwd: join(this.folder, options.cwd ?? "."),
      env: { ...DEV_ENV, ...options.env },
    });
    this.#programs.push(program);
    return program;
  }

  /** Resolves with the state of the viewer, once it runs. */
  state(): Promise<ViewerState> {
    return pollUntil(async () => readViewerState(this.folder), "the state of the viewer");
  }

  async remove(): Promise<void> {
    for (const program of this.#programs) program.kill("SIGTERM");
    await Promise.all(this.#programs.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves with the port that the server of a program prints, after `count` starts. */
export async function portOf(program: Program, count = 1): Promise<number> {
  return program.waitForStdout((stdout) => {
    const ports = [...stdout.matchAll(/listening on (\d+)\n/g)];
    return ports.length < count ? undefined : Number(ports[count - 1]?.[1]);
  });
}

/** Requests a path of the viewer's API. */
export async function ask<Answer>({ url, token }: ViewerState, path: string): Promise<Answer> {
  const response = await fetch(`${url}/api/${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Resolves with the requests of the viewer, once there are `count`. */
export function requestsOf(state: ViewerState, count: number): Promise<readonly UnitSummary[]> {
  return pollUntil(async () => {
    const { items } = await ask<Page<UnitSummary>>(state, "requests?noise=1");
    return items.length >= count ? items : undefined;
  }, `${count} requests in the viewer`);
}

export function requestOf(state: ViewerState, id: string): Promise<UnitDetail> {
  return ask(state, `requests/${id}`);
}

export function runsOf(state: ViewerState): Promise<readonly Run[]> {
  return ask(state, "runs");
}
