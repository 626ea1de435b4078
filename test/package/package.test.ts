import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/node.mjs";
import { nodes, oldNode } from "../nodes.ts";
import { filesBelow, type InstalledPackage, installPackage } from "./installed.ts";

/** A service that responds to one request of its own and ends. */
const APP = `
import { createServer } from "node:http";

const server = createServer((request, response) => response.end("hello"));
server.listen(0, "127.0.0.1", async () => {
  const response = await fetch("http://127.0.0.1:" + server.address().port + "/");
  console.log(await response.text(), response.headers.has("x-request-id"));
  server.close();
  server.closeAllConnections();
});
`;

/** No exports, and a free port. */
const quiet = {
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  SENTRY_DSN: "",
};

const ways = [
  { title: "--import", args: ["--import", "telltale/register"], env: {} },
  { title: "--require", args: ["--require", "telltale/register"], env: {} },
  {
    title: "NODE_OPTIONS with --import",
    args: [],
    env: { NODE_OPTIONS: "--import=telltale/register" },
  },
  {
    title: "NODE_OPTIONS with --require",
    args: [],
    env: { NODE_OPTIONS: "--require=telltale/register" },
  },
];

describe("The package", () => {
  let installed: InstalledPackage;
  let files: string[];

  before(async function () {
    installed = await installPackage();
    files = await filesBelow(installed.home);
    await writeFile(join(installed.project, "app.mjs"), APP);
    await linkWinston(installed.project);
  });

  after(() => installed.remove());

  it("installs as one package, without a registry", async () => {
    const record = join(installed.project, "node_modules", ".package-lock.json");
    const { packages } = JSON.parse(await readFile(record, "utf8")) as { packages: object };
    assert.deepEqual(Object.keys(packages), ["node_modules/telltale"]);
  });

  it("installs to 8 MB at most", async () => {
    const sizes = await Promise.all(files.map((file) => stat(join(installed.home, file))));
    const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
    assert.ok(bytes <= 8e6, `${bytes} bytes`);
  });

  it("contains no source maps, and no comments that refer to them", async () => {
    for (const file of files) {
      assert.ok(!file.endsWith(".map"), file);
      assert.doesNotMatch(await text(file), /^\/\/[#@] ?sourceMappingURL=/m, file);
    }
  });

  it("contains only the build, license and documentation", () => {
    const others = files.filter((file) => !file.startsWith("dist/"));
    const documents = [
      ...["CHANGELOG.md", "LICENSE", "README.md", "package.json", "skills/telltale/SKILL.md"],
    ];
    assert.deepEqual(others, documents);
    for (const file of [
      "register.js",
      "register.cjs",
      "start.js",
      "index.js",
      "index.cjs",
      "health.js",
      "health.cjs",
      "logger.js",
      "logger.cjs",
      "testing.js",
      "testing.cjs",
      "testing-jest.cjs",
      "testing-jest-environment.cjs",
      "testing-jest-transformer.cjs",
      "cli.js",
    ]) {
      assert.ok(files.includes(`dist/${file}`), file);
    }
  });

  it("has no install script", async () => {
    const { scripts } = JSON.parse(await text("package.json")) as { scripts: object };
    const run = Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name));
    assert.deepEqual(run, []);
  });

  it("contains no paths of the host that built it", async () => {
    const names = [root, homedir(), `/${userInfo().username}/`].filter((name) => name.length > 1);
    for (const file of files) {
      const content = await text(file);
      for (const name of names) assert.ok(!content.includes(name), `${file} contains ${name}`);
    }
  });

  it("passes publint", async () => {
    const output = await tool("publint/src/cli.js", ["run", installed.tarball, "--strict"]);
    assert.match(output, /All good!/);
  });

  it("has types that resolve, by attw", async () => {
    const attw = "@arethetypeswrong/cli/dist/index.js";
    const output = await tool(attw, [installed.tarball, "--profile", "node16", "-f", "json"]);
    const { problems = {} } = JSON.parse(output) as { problems?: object };
    // Node 10 has no `exports`, and is not supported.
    assert.deepEqual(
      Object.keys(problems).filter((kind) => kind !== "NoResolution"),
      [],
    );
  });

  for (const module of ["node16", "nodenext", "preserve"]) {
    for (const type of ["commonjs", "module"]) {
      it(`compiles where it is imported, in a package of type ${type} with module ${module}`, async () => {
        assert.equal(await compile(type, module), "");
      });
    }
  }

  for (const entry of ["telltale", "telltale/health", "telltale/logger", "telltale/testing"]) {
    it(`exports the same functions to import and require: ${entry}`, async () => {
      const names =
        "Object.keys(api).filter((name) => !/^(default|module.exports|__esModule)$/.test(name)).sort().join()";
      const [imported, required] = await Promise.all([
        execute(
          process.execPath,
          ["--input-type=module", "-e", `import * as api from "${entry}"; console.log(${names})`],
          {},
        ),
        execute(
          process.execPath,
          ["-e", `const api = require("${entry}"); console.log(${names})`],
          {},
        ),
      ]);
      assert.match(required.stdout, /captureException|createLogger|healthHandler|startReceiver/);
      assert.equal(required.stdout.trim(), imported.stdout.trim());
    });
  }

  it("contains no winston, which an app installs itself for telltale/logger", async () => {
    for (const file of ["logger.js", "logger.cjs"]) {
      assert.match(await text(`dist/${file}`), /from "winston"|require\("winston"\)/);
    }
    const { peerDependencies } = JSON.parse(await text("package.json")) as {
      peerDependencies: object;
    };
    assert.deepEqual(Object.keys(peerDependencies), ["winston"]);
  });

  it("lists every bundled package in its licences and its bill of materials", async () => {
    const bundled = await bundledNames();
    assert.ok(bundled.size > 5, [...bundled].join(" "));
    const licences = await text("dist/THIRD-PARTY-LICENSES.txt");
    const sbom = JSON.parse(await text("dist/sbom.cdx.json")) as {
      bomFormat: string;
      components: { group?: string; name: string; version: string; licenses: unknown[] }[];
    };
    assert.equal(sbom.bomFormat, "CycloneDX");
    const listed = sbom.components.map(({ group, name }) => (group ? `${group}/${name}` : name));
    assert.deepEqual(new Set(listed), bundled);
    for (const { group, name, version, licenses } of sbom.components) {
      const label = `${group ? `${group}/` : ""}${name} ${version}`;
      assert.ok(licenses.length > 0, `${label} without a licence`);
      assert.ok(licences.includes(`  ${label}: `), `${label} is not in the licences`);
    }
  });

  for (const { name, path } of nodes) {
    for (const { title, args, env } of ways) {
      it(`starts an app by ${title} on Node ${name}`, async () => {
        const { stdout, stderr, code } = await start(path, args, env);
        assert.deepEqual({ stdout, stderr, code }, { stdout: "hello true\n", stderr: "", code: 0 });
      });
    }
  }

  for (const { title, args, env } of ways) {
    it(`doesn't start, and prints one line, by ${title} on an unsupported Node`, async () => {
      const { stdout, stderr, code } = await start(oldNode, args, env);
      assert.match(stderr, /^telltale: Node 20\.\S+ is too old, .*\n$/);
      assert.deepEqual({ stdout, code }, { stdout: "hello false\n", code: 0 });
    });
  }

  it("has a program that prints its version", async () => {
    const bin = join(installed.project, "node_modules", ".bin", "telltale");
    const { stdout } = await execute(process.execPath, [bin, "--version"], {});
    assert.equal(
      stdout,
      `${(JSON.parse(await text("package.json")) as { version: string }).version}\n`,
    );
  });

  it("has a program that reports an unsupported Node", async () => {
    const bin = join(installed.project, "node_modules", ".bin", "telltale");
    const { stderr, code } = await execute(oldNode, [bin, "--version"], {});
    assert.match(stderr, /^telltale: Node 20\.\S+ is too old, .*\n$/);
    assert.equal(code, 1);
  });

  function text(file: string): Promise<string> {
    return readFile(join(installed.home, file), "utf8");
  }

  /** Returns the compiler's output for a module that uses the API, in a separate package. */
  async function compile(type: string, module: string): Promise<string> {
    const folder = join(installed.project, `${type}-${module}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ type }));
    await writeFile(
      join(folder, "app.ts"),
      [
        `import { captureException, type User } from "telltale";`,
        `import { createLogger } from "telltale/logger";`,
        `import type { Logger } from "winston";`,
        `const user: User = { id: "1" };`,
        `captureException(user);`,
        `const logger: Logger = createLogger("api", { level: "debug" }).child({ part: "cache" });`,
        `logger.info("paid", user);`,
      ].join("\n"),
    );
    const options = ["--ignoreConfig", "--module", module, "--strict", "--noEmit", "--types", ""];
    return tool("typescript/bin/tsc", [...options, join(folder, "app.ts")]);
  }

  /**
   * Returns the packages in the source maps of the build, and in the comments of the commands,
   * which have none, independently of the build's list.
   */
  async function bundledNames(): Promise<Set<string>> {
    const names = new Set<string>();
    const built = await readdir(join(root, "dist"));
    for (const file of built.filter((name) => /\.map$|^cli-.*\.js$/.test(name))) {
      const content = await readFile(join(root, "dist", file), "utf8");
      const sources = file.endsWith(".map")
        ? (JSON.parse(content) as { sources: string[] }).sources
        : content.match(/^\/\/ node_modules\/.*/gm);
      for (const source of sources ?? []) {
        const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
        // `.cache` has intermediate files of the build.
        if (found !== undefined && !found.startsWith(".")) names.add(found);
      }
    }
    return names;
  }

  function start(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    return execute(node, [...args, "app.mjs"], { ...quiet, ...env });
  }

  /** Runs a command in the project, in a clean environment. */
  function execute(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    const { PATH } = process.env;
    return new Promise((resolve) => {
      const options = { cwd: installed.project, env: { PATH, ...env } };
      execFile(node, args, options, (error, stdout, stderr) => {
        resolve({ stdout, stderr, code: error === null ? 0 : error.code });
      });
    });
  }
});

/**
 * Makes winston a package of the project, with what it needs: the repository's copies, as
 * there is no registry.
 */
async function linkWinston(project: string): Promise<void> {
  for (const name of ["winston", "winston-transport", "logform", "triple-beam", "@types/node"]) {
    const path = join(project, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, "node_modules", name), path);
  }
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: string | number | null | undefined;
}

/** Returns the output of a tool, whatever its exit code. */
function tool(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const program = join(root, "node_modules", path);
    execFile(process.execPath, [program, ...args], { cwd: root }, (_, stdout, stderr) => {
      resolve(stdout || stderr);
    });
  });
}
