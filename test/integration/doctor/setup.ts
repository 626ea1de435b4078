import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import type { Receiver } from "../../../src/testing/receiver.ts";
import type { Certificates } from "../../export/certificates.ts";
import { freePort } from "../../free-port.ts";
import { Program } from "../program.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cli = join(root, "dist/cli.js");

/** What a set-up may use. */
export interface SetupContext {
  /** Accepts everything. */
  readonly receiver: Receiver;
  readonly certificates: Certificates;
  /** The folder of the app. */
  readonly folder: string;
  /** A free port, of the metrics page. */
  readonly port: number;
  /** Runs at the end of the test. */
  readonly cleanups: (() => Promise<unknown> | void)[];
}

/** An app on disk, its environment, and how doctor is called. */
export interface Setup {
  readonly title: string;
  /** Texts of files by path. Default: a package.json. */
  readonly files?: Readonly<Record<string, string>>;
  /** Paths in the repository by the path in the app's folder: links. */
  readonly links?: Readonly<Record<string, string>>;
  /** As `links`, copied: of packages that are changed. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Prepares servers and files. Returns variables. */
  readonly prepare?: (
    context: SetupContext,
  ) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Options before the command. */
  readonly options?: readonly string[];
  readonly command?: readonly string[];
  /** The folder in which doctor runs, below that of the app. */
  readonly cwd?: string;
}

/** The result of doctor. */
export interface DoctorResult {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  readonly report: Readonly<Record<string, unknown>>;
  readonly stdout: string;
  readonly stderr: string;
}

/** The text of a package.json of an app that has everything it should have. */
export function packageJson(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ name: "shop", version: "1.2.3", ...fields });
}

/** Creates the set-up, runs doctor in it, and removes it. */
export async function runDoctor(
  setup: Setup,
  shared: Pick<SetupContext, "receiver" | "certificates">,
): Promise<DoctorResult> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-doctor-test-"));
  const context: SetupContext = { ...shared, folder, port: await freePort(), cleanups: [] };
  try {
    writeSetup(setup, folder);
    const variables = (await setup.prepare?.(context)) ?? {};
    const command = setup.command === undefined ? [] : ["--", ...setup.command];
    const program = new Program({
      file: cli,
      args: ["doctor", "--json", "--seconds", "0", ...(setup.options ?? []), ...command],
      cwd: join(folder, setup.cwd ?? "."),
      env: { ...baseEnv(context), ...setup.env, ...variables },
    });
    const { code, stdout, stderr } = await program.ended;
    return { code, stdout, stderr, ...parse(stdout, stderr) };
  } finally {
    for (const cleanup of context.cleanups) await cleanup();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The environment in which nothing is wrong. */
function baseEnv({ receiver, port }: SetupContext): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    // A busy machine is slow.
    OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
  };
}

function parse(stdout: string, stderr: string): Pick<DoctorResult, "findings" | "report"> {
  try {
    const report = JSON.parse(stdout) as Record<string, unknown>;
    return { report, findings: report["findings"] as Finding[] };
  } catch {
    throw new Error(`doctor has printed no JSON: ${stdout}\n${stderr}`);
  }
}

function writeSetup({ files, links = {}, copies = {} }: Setup, folder: string): void {
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, target), join(folder, path));
  }
  for (const [path, source] of Object.entries(copies))
    cpSync(join(root, source), join(folder, path), { recursive: true, dereference: true });
  for (const [path, text] of Object.entries({ "package.json": packageJson(), ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Links of packages in the repository. `telltale` is the repository itself. */
export function packages(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [
      `node_modules/${name}`,
      name === "telltale" ? "." : `node_modules/${name}`,
    ]),
  );
}
