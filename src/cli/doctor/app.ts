import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../../config/config.ts";
import { parseConfig } from "../../config/parse.ts";
import type { ConfigIssue } from "../../config/issue.ts";
import { type Environment } from "../../env.ts";
import { knownInstrumentations } from "../../instrumentation/enabled-instrumentations.ts";
import { detectResourceAttributes } from "../../resource/attributes.ts";
import { detectEnvironment, detectRelease, type Release } from "../../resource/release.ts";

/** The app in a folder, as its preload would configure it. */
export interface App {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly environment: Environment;
  /** Node's flags, those of `NODE_OPTIONS` included. */
  readonly flags: readonly string[];
  readonly config: Config;
  readonly issues: readonly ConfigIssue[];
  readonly attributes: ReturnType<typeof detectResourceAttributes>;
  readonly release: Release | undefined;
  readonly environmentName: string | undefined;
}

/** What is read of the nearest package.json. */
export interface Manifest {
  /** Its folder; that of the app if there is none. */
  readonly folder: string;
  readonly name: string | undefined;
  readonly type: "module" | "commonjs";
  readonly main: string | undefined;
  readonly startScript: string | undefined;
  readonly engine: string | undefined;
  /** Names of the packages that the app declares. */
  readonly dependencies: readonly string[];
}

/** Reads the app in a folder. Never throws. */
export function readApp(folder: string, environment: Environment, flags: readonly string[]): App {
  const { config, issues } = parseConfig(environment, knownInstrumentations);
  const attributes = detectResourceAttributes(config, folder);
  return {
    folder,
    manifest: readManifest(folder),
    environment,
    flags,
    config,
    issues,
    attributes,
    release: detectRelease(config, attributes),
    environmentName: detectEnvironment(config),
  };
}

function readManifest(folder: string): Manifest {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = manifestIn(at);
    if (manifest !== undefined) return manifest;
    if (dirname(at) === at) return parseManifest(folder, {});
  }
}

function manifestIn(folder: string): Manifest | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof parsed === "object" && parsed !== null
      ? parseManifest(folder, parsed as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function parseManifest(folder: string, fields: Readonly<Record<string, unknown>>): Manifest {
  const group = (name: string): Readonly<Record<string, unknown>> => {
    const value = fields[name];
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  };
  return {
    folder,
    name: text(fields["name"]),
    type: fields["type"] === "module" ? "module" : "commonjs",
    main: text(fields["main"]),
    startScript: text(group("scripts")["start"]),
    engine: text(group("engines")["node"]),
    dependencies: [
      ...new Set([
        ...Object.keys(group("dependencies")),
        ...Object.keys(group("optionalDependencies")),
      ]),
    ],
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
