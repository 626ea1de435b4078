import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { collectorGoVersion, TAGS } from "./build.ts";
import { UserError } from "../user-error.ts";
import { distribution, manifest, ownModules } from "./paths.ts";

const run = promisify(execFile);

/** The version of the Collector and of all components. */
const BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.155.0";

/**
 * Regenerates `collector/distribution/` from `manifest.yaml`: sources by the
 * Collector Builder, `go.mod` and `go.sum` by go. The Builder would run `go mod
 * tidy`, which adds the modules of all tests; here only those of the build are listed.
 *
 * @throws UserError without Go, or when the Builder or go fails.
 */
export async function generate(): Promise<void> {
  await collectorGoVersion();
  const folder = await mkdtemp(join(tmpdir(), "telltale-distribution-"));
  try {
    const text = await readFile(manifest, "utf8");
    const made = await generateSources(text, folder);
    await cp(join(distribution, "go.sum"), join(made, "go.sum")).catch(() => {});
    await go(["mod", "init", "telltale/collector"], made);
    await go(["mod", "edit", "-go=1.25.0", ...requirements(text), ...replacements(text)], made);
    await go(["list", "-mod=mod", "-deps", `-tags=${TAGS}`, "."], made);
    await rm(distribution, { recursive: true, force: true });
    await cp(made, distribution, { recursive: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Runs the Builder on a manifest, without `go.mod`.
 *
 * @param text of the manifest.
 * @param folder an empty one.
 * @returns the folder of the sources, inside of `folder`.
 */
export async function generateSources(text: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.yaml"), text);
  // The manifest's `replaces` names this folder.
  for (const own of ownModules) await cp(own, join(folder, basename(own)), { recursive: true });
  const flags = ["--config=manifest.yaml", "--skip-compilation", "--skip-get-modules"];
  await go(["run", BUILDER, ...flags], folder);
  const made = join(folder, "distribution");
  const names = await readdir(made);
  if (!names.includes("components.go")) throw new UserError(`${BUILDER} made no components.go`);
  return made;
}

/** Runs go and ignores its stdout. */
export async function go(args: readonly string[], cwd: string): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" };
  try {
    await run("go", [...args], { cwd, env, maxBuffer: 64e6 });
  } catch (error) {
    const { stderr } = error as { stderr: string };
    throw new UserError(`\`go ${args.join(" ")}\` failed: ${stderr.trim().slice(-2000)}`);
  }
}

/** Modules beside the components: the service that runs them. */
function requirements(text: string): readonly string[] {
  const core = /go\.opentelemetry\.io\/collector\/receiver\/otlpreceiver (v\S+)/.exec(text)?.[1];
  const service = ["service", "otelcol"].map((name) => `go.opentelemetry.io/collector/${name}`);
  return [...modulesOf(text), ...service.map((path) => ({ path, version: core ?? "" }))].map(
    ({ path, version }) => `-require=${path}@${version}`,
  );
}

function replacements(text: string): readonly string[] {
  const lines = text.matchAll(/^\s*- (\S+) => (\S+)$/gm);
  return [...lines].map(([, path, by]) => `-replace=${path}=${by}`);
}

/** A module that a manifest names. */
export interface Module {
  readonly path: string;
  readonly version: string;
}

/** The modules of a manifest, in its order. */
export function modulesOf(text: string): readonly Module[] {
  const lines = text.matchAll(/^\s*- gomod: (\S+) (\S+)$/gm);
  return [...lines].map(([, path = "", version = ""]) => ({ path, version }));
}
