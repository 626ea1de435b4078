import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/node.mjs";
import { libraryRows } from "../../../src/instrumentation/table.ts";
import { upstreamRows } from "../../../src/instrumentation/upstream/generated/rows.ts";
import { preload, Program } from "../../integration/program.ts";
import type { LibraryRow } from "../row.ts";

interface Exception {
  readonly library: RegExp;
  /** Pattern of the difference. */
  readonly change: RegExp;
  readonly why: string;
}

/** Accepted differences from a run without the preload. */
const exceptions: readonly Exception[] = [
  {
    library: /^koa|^ws/,
    change: /\.prototype(?:\.emit)?: (?:-nothing \+function )?\+emit[[(]/,
    why: "only emitters of this class are patched, and `emit` is inherited",
  },
  {
    library: /^bullmq/,
    change:
      /\.Queue\.prototype(?:\.waitUntilReady)?: (?:-nothing \+function )?\+waitUntilReady[[(]/,
    why: "workers inherit the method too, and are not patched",
  },
  {
    library: /^bunyan/,
    change: /\.prototype: \+Symbol\(telltale\.bunyan\)\[\]$/,
    why: "a symbol that no loop enumerates",
  },
  {
    library: /^node:https?$|^winston$/,
    change:
      /\.prototype(?:\.\w+)?: (?:-nothing \+function |\+Symbol\(telltale\.winston\)\[\] )?\+(?:emit|_storeHeader|write)?[[(]/,
    why: "only servers, their responses and loggers are patched, and these methods are inherited",
  },
  {
    library: /^mysql$/,
    change:
      /^create\w+: (?:\+\w+\[configurable,writable\] ?)+$|^create\w+\.\w+: -nothing \+function/,
    why: "OpenTelemetry's instrumentation patches each connection, pool and cluster; no loop enumerates it",
  },
  {
    library: /^mysql$/,
    change: /^createPool\._events/,
    why: "OpenTelemetry's instrumentation counts connections by a pool's events",
  },
  {
    library: /grpc|^graphql17/,
    change: /: -nothing \+function \+(?:makeClientConstructor|execute\w*)\(/,
    why: "one function under two names becomes two",
  },
];

/** Packages that can't be loaded by name. */
const notLoaded: ReadonlyMap<string, string> = new Map([
  ["restify11", "it doesn't start on this Node"],
  ["@prisma/client", "its client is generated first"],
]);

const libraries = (await installedLibraries()).filter(({ installed }) => !notLoaded.has(installed));

describe("The functions of", function () {
  for (const { group, library, installed } of libraries) {
    it(`${group} ${installed} have the same names, lengths and properties as without the preload`, async () => {
      const args = [
        join(root, "test", "libraries", group),
        [installed],
        filesOf(group, library, installed),
      ];
      const bare = await described(args, []);
      const preloaded = await described(args, preload.import);
      assert.ok(Object.keys(bare).length > 1, "no module is loaded");
      const differences = Object.keys({ ...bare, ...preloaded })
        .filter((path) => bare[path] !== preloaded[path])
        .map((path) => `${path}: ${changeOf(bare[path], preloaded[path])}`)
        .filter((change) => !isException(installed, change));
      assert.deepEqual(differences, []);
    });
  }
});

function isException(installed: string, difference: string): boolean {
  return exceptions.some(
    ({ library, change }) => library.test(installed) && change.test(difference),
  );
}

function changeOf(bare = "nothing", preloaded = "nothing"): string {
  const [before, after] = [bare.split(" "), preloaded.split(" ")];
  const removed = before.filter((word) => !after.includes(word)).map((word) => `-${word}`);
  const added = after.filter((word) => !before.includes(word)).map((word) => `+${word}`);
  return [...removed, ...added].join(" ");
}

interface Installed {
  readonly group: string;
  readonly library: string;
  readonly installed: string;
}

/** Returns the libraries of the support table, each version once, and modules of Node. */
async function installedLibraries(): Promise<Installed[]> {
  const found = new Map<string, Installed>(
    ["node:http", "node:https", "node:http2", "node:net", "node:events", "winston", "logform"].map(
      (name) => [name, { group: "loggers", library: name, installed: name }],
    ),
  );
  for (const path of globSync("test/libraries/*/rows.ts", { cwd: root }).toSorted()) {
    const { rows } = (await import(join(root, path))) as { rows: readonly LibraryRow[] };
    const group = basename(dirname(path));
    for (const { library, installed } of rows) {
      found.set(`${group} ${installed}`, { group, library, installed });
    }
  }
  return [...found.values()];
}

function filesOf(group: string, library: string, installed: string): string[] {
  const folder = join(root, "test", "libraries", group, "node_modules", installed);
  const rows = [...libraryRows, ...upstreamRows].filter((row) => row.package === library);
  return [...new Set(rows.flatMap(({ files }) => files))]
    .filter((file) => file.includes("/"))
    .map((file) => join(folder, file));
}

async function described(
  args: readonly unknown[],
  flags: readonly string[],
): Promise<Record<string, string>> {
  const program = new Program({
    file: fileURLToPath(new URL("apps/main.cjs", import.meta.url)),
    flags,
    cwd: String(args[0]),
    args: args.map((arg) => JSON.stringify(arg)),
    env: {
      OTEL_SDK_DISABLED: "false",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
  });
  const { stdout, stderr, code } = await program.ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.slice(stdout.indexOf("{"))) as Record<string, string>;
}
