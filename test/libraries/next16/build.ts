import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/node.mjs";
import { preload, Program } from "../../integration/program.ts";
import { nodes, type TestNode } from "../../nodes.ts";

/** Options for building `site/`. */
export interface Site {
  /** Folder of `test/libraries` whose Next builds it. */
  readonly group: "next15" | "next16";
  readonly node: TestNode["name"];
  /** Module system of its `next.config.js`. */
  readonly config: "esm" | "cjs";
  readonly basePath?: string;
  /** Whether to build a server with all its dependencies, as for a container. */
  readonly standalone?: boolean;
}

export interface Build {
  readonly directory: string;
  /** Output of `next build`. */
  readonly output: string;
}

/**
 * Builds the site preloaded by NODE_OPTIONS, as apps do that set it in their
 * environment. Takes some seconds, or none if nothing has changed since the last
 * build.
 *
 * @throws Error with the output of Next, if it fails
 */
export function build(site: Site): Promise<Build> {
  const name = nameOf(site);
  const known = started.get(name) ?? buildOrKeep(site, name);
  started.set(name, known);
  return known;
}

const started = new Map<string, Promise<Build>>();

const source = fileURLToPath(new URL("site", import.meta.url));
/** Modules of the concurrent requests and of the sources of errors, by the name in the site. */
const linked = {
  "tenants.mjs": "test/integration/concurrency/apps/work.mjs",
  "thrown.mjs": "test/libraries/error-sources/apps/thrown.mjs",
} as const;
/** A dependency of one of them. */
const barrier = "test/barrier.cjs";
const dist = join(root, "dist");

/** Returns the path of Next's command. */
export function nextIn({ group }: Pick<Site, "group">): string {
  return join(root, "test/libraries", group, "node_modules/next/dist/bin/next");
}

function nameOf({ group, node, config, basePath, standalone }: Site): string {
  const parts = [group, `node${node}`, config, basePath?.slice(1), standalone && "standalone"];
  return parts.filter(Boolean).join("-");
}

async function buildOrKeep(site: Site, name: string): Promise<Build> {
  const directory = join(root, "test/libraries", site.group, ".cache", name);
  const stamp = stampOf(site);
  const before = readStamped(directory);
  if (before?.stamp === stamp) return { directory, output: before.output };
  rmSync(directory, { recursive: true, force: true });
  writeSite(site, directory);
  const output = await runBuild(site, directory);
  writeFileSync(stampIn(directory), JSON.stringify({ stamp, output }));
  return { directory, output };
}

/** Hashes everything that affects a build. */
function stampOf(site: Site): string {
  const hash = createHash("sha256").update(JSON.stringify([site, configOf(site)]));
  const lockfile = join(root, "test/libraries", site.group, "package-lock.json");
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  const ours = ["register.js", "start.js", "instrumentation-frameworks-next-adaptor.js"].map(
    (file) => join(dist, file),
  );
  const own = fileURLToPath(import.meta.url);
  const shared = [...Object.values(linked), barrier].map((file) => join(root, file));
  for (const file of [own, lockfile, ...shared, ...ours, ...files]) {
    hash.update(file).update(readFileSync(file));
  }
  return hash.digest("hex");
}

function stampIn(directory: string): string {
  return join(directory, ".next", "stamp.json");
}

function readStamped(directory: string): { stamp: string; output: string } | undefined {
  try {
    return JSON.parse(readFileSync(stampIn(directory), "utf8")) as ReturnType<typeof readStamped>;
  } catch {
    return undefined;
  }
}

/** Writes the site and links its packages, from which Next resolves them. */
function writeSite(site: Site, directory: string): void {
  const leftover = site.group === "next15" ? "proxy.js" : "middleware.js";
  cpSync(source, directory, { recursive: true, filter: (path) => path !== join(source, leftover) });
  for (const [name, file] of Object.entries(linked)) {
    const path = relative(directory, join(root, file)).replaceAll(sep, "/");
    writeFileSync(join(directory, name), `export * from "${path}";\n`);
  }
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(root, join(directory, "node_modules", "telltale"), "dir");
  const manifest = { name: "warehouse-site", private: true, version: "1.0.0" };
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
  const [file, exported] =
    site.config === "esm"
      ? ["next.config.mjs", "export default"]
      : ["next.config.js", "module.exports ="];
  writeFileSync(join(directory, file), `${exported} ${JSON.stringify(configOf(site))};\n`);
}

/** https://nextjs.org/docs/app/api-reference/config/next-config-js */
function configOf({ group, basePath, standalone }: Site): object {
  return {
    // Packages that Next would otherwise bundle, where no instrumentation can patch them.
    serverExternalPackages: ["winston", "telltale", "@sentry/core"],
    outputFileTracingRoot: root,
    ...(group !== "next15" && { turbopack: { root } }),
    ...(basePath !== undefined && {
      basePath,
      i18n: { locales: ["en", "fr"], defaultLocale: "en" },
    }),
    ...(standalone === true && { output: "standalone" }),
  };
}

async function runBuild(site: Site, directory: string): Promise<string> {
  const { path } = nodes.find(({ name }) => name === site.node) ?? {};
  const program = new Program({
    file: nextIn(site),
    ...(path !== undefined && { node: path }),
    args: ["build"],
    cwd: directory,
    env: { NODE_OPTIONS: preload.import.join(" "), ...talkative },
  });
  const { code, stdout, stderr } = await program.ended;
  if (code !== 0) throw new Error(`next build ended with ${code}\n${stdout}\n${stderr}`);
  if (site.standalone === true) completeStandalone(directory);
  return stdout + stderr;
}

/** Exports nothing and logs all messages. */
const talkative = {
  OTEL_LOG_LEVEL: "debug",
  NEXT_TELEMETRY_DISABLED: "1",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
};

/** Returns the folder of the server that `output: "standalone"` produces. */
export function standaloneIn(directory: string): string {
  return join(directory, ".next/standalone", directory.slice(root.length + 1));
}

/**
 * Copies files as Next requires:
 * https://nextjs.org/docs/app/api-reference/config/next-config-js/output
 */
function completeStandalone(directory: string): void {
  for (const folder of ["public", ".next/static"]) {
    const to = join(standaloneIn(directory), folder);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(directory, folder), to, { recursive: true });
  }
}
