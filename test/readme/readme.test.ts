import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../../scripts/node.mjs";
import { benchTable } from "../../scripts/readme/bench.ts";
import { readBlock } from "../../scripts/readme/marks.ts";
import { metricsTables } from "../../scripts/readme/metrics.ts";
import { demoOutputIn } from "../../scripts/readme/demo-output.ts";
import { withoutVolatileParts } from "../../scripts/readme/volatile-parts.ts";
import { variablesTable } from "../../scripts/readme/variables.ts";
import { sentryVariables } from "../../src/cli/deploy/sentry-options.ts";
import { variables } from "../../src/config/variables.ts";
import type { ReceivedSpan } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { freePort } from "../free-port.ts";
import { npm } from "../package/installed.ts";
import { programOrSkip } from "../programs.ts";
import { pollUntilTrue } from "../until.ts";
import { type Block, blocksIn, isExecuted } from "./blocks.ts";
import { type CommandOutput, ReaderSession } from "./session.ts";

const readme = pageText("README.md");

/** All pages. */
const pages = globSync(["*.md", "docs/*.md", "collector/**/*.md", "examples/**/*.md"], {
  cwd: root,
  exclude: (name) => name.includes("node_modules"),
});

/** The pages whose commands are run, in this order in one session. */
const executedPages = [
  "README.md",
  ...pages.filter((page) => page.startsWith("docs/") && isExecuted(pageText(page))).toSorted(),
];

describe("Every page", () => {
  for (const page of pages) {
    it(`links to headings and files that exist: ${page}`, () => {
      const text = pageText(page);
      for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [file = "", heading] = target.split("#");
        const path = file === "" ? join(root, page) : join(root, dirname(page), file);
        assert.ok(existsSync(path), target);
        if (heading !== undefined) assert.ok(headingsOf(path).includes(heading), target);
      }
    });
  }
});

describe("The documentation", () => {
  it("has an up-to-date table of all variables", () => {
    assert.equal(readBlock(pageText("docs/variables.md"), "variables"), variablesTable().trim());
  });

  it("has an up-to-date table of all metrics", () => {
    assert.equal(readBlock(pageText("docs/metrics.md"), "metrics"), metricsTables());
  });

  it("introduces telltale in fewer than 2,000 words", () => {
    assert.ok(readme.split(/\s+/).length < 2000);
  });

  it("lists every page of docs/ in the README", () => {
    const listed = new Set([...readme.matchAll(/\]\((docs\/[\w-]+\.md)/g)].map(([, page]) => page));
    assert.deepEqual(
      pages.filter((page) => page.startsWith("docs/") && !listed.has(page)),
      [],
    );
  });

  it("has the figures of the committed run", () => {
    const table = benchTable();
    if (table !== undefined) assert.equal(readBlock(readme, "bench"), table.trim());
  });

  it("names variables that telltale reads", () => {
    const names = variables.map(({ name }) => name);
    const known = [...names, ...Object.values(sentryVariables), ...warningCodes()];
    const isKnown = (name: string): boolean =>
      name.endsWith("_") ? known.some((one) => one.startsWith(name)) : known.includes(name);
    for (const page of pages.filter((name) => /^(README\.md$|docs\/)/.test(name))) {
      const names = pageText(page).match(/\b(?:OTEL|TELLTALE|SENTRY)_[A-Z_]+/g) ?? [];
      const others = names.filter(
        (name) => !name.startsWith("TELLTALE_COLLECTOR_") && !isKnown(name),
      );
      assert.deepEqual(others, [], page);
    }
  });

  it("imports functions that telltale exports", () => {
    const source = readFileSync(join(root, "src/index.ts"), "utf8");
    const exported = [...source.matchAll(/^export (?:async )?function (\w+)/gm)].map(
      ([, name]) => name,
    );
    for (const page of pages) {
      for (const [, list = ""] of pageText(page).matchAll(/import \{([^}]+)\} from "telltale"/g)) {
        const names = list.split(",").flatMap((name) => name.trim() || []);
        assert.deepEqual(
          names.filter((name) => !exported.includes(name)),
          [],
          page,
        );
      }
    }
  });

  it("quotes messages that telltale prints", () => {
    const code = globSync(["src/**/*.ts", "register.ts"], { cwd: root })
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n")
      // A text on several lines.
      .replace(/[`"] \+\s+[`"]/g, "");
    const missing = quotedLines().flatMap((line) =>
      partsOf(line)
        .filter((part) => !code.includes(part))
        .map((part) => `no source file has "${part}" (in: ${line})`),
    );
    assert.deepEqual(missing, []);
  });

  it("has a map of every folder of src/", () => {
    const [, table = ""] = pageText("docs/inside.md").split("| in `src/` |");
    const [rows = ""] = table.split("\n\n");
    const cells = rows.split("\n").map((row) => row.split(" | ")[0] ?? "");
    const mapped = cells.flatMap((cell) =>
      [...cell.matchAll(/`([\w-]+)\/`/g)].map(([, name]) => name),
    );
    const folders = globSync("src/*/", { cwd: root }).map((path) => basename(path));
    assert.deepEqual(new Set(mapped), new Set(folders));
  });

  it("names source files that exist", () => {
    const steps = pageText("docs/inside.md").matchAll(/^\| .* \| (.*`.*`.*) \|$/gm);
    const names = [...steps].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([\w{},*/.-]+(?:\.ts|\/))`/g)].map(([, name = ""]) => name),
    );
    assert.ok(names.length > 30);
    for (const name of names) assert.notEqual(filesNamed(name), 0, name);
  });

  describe("when a reader follows it", function () {
    let receiver: Receiver;
    let session: ReaderSession;
    let printed: CommandOutput | undefined;

    before(async function () {
      programOrSkip(this, "curl");
      receiver = await startReceiver();
      const [app, admin] = [await freePort(), await freePort()];
      const replacements = [
        ["listen(3000)", `listen(${app})`],
        ["localhost:3000", `127.0.0.1:${app}`],
        ["localhost:9464", `127.0.0.1:${admin}`],
        ["localhost:4318", `127.0.0.1:${receiver.port}`],
        ["http://key@localhost:8000/1", receiver.dsn],
      ] as const;
      session = new ReaderSession(replacements, {
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(admin),
        OTEL_BSP_SCHEDULE_DELAY: "100",
        OTEL_BLRP_SCHEDULE_DELAY: "100",
        // A busy host may take longer than the default, which is reported on stderr.
        TELLTALE_FLUSH_TIMEOUT: "60000",
      });
      await npm(root, session.packages, [
        "pack",
        "--ignore-scripts",
        "--pack-destination",
        session.packages,
      ]);
    });

    after(async () => {
      await session?.end();
      await receiver?.close();
    });

    for (const page of executedPages) {
      for (const block of blocksIn(page, pageText(page))) {
        it(titleOf(block), () => runBlock(block));
      }
    }

    it("delivers the request's trace, its log line and the error to the back ends", async () => {
      const hello = await spanOf("/hello/:name");
      const log = await receiver.waitFor(({ logs }) =>
        logs.find(({ body }) => body === "greeting"),
      );
      assert.equal(log.traceId, hello.traceId);
      const pay = await spanOf("/pay/:order");
      const event = await receiver.waitFor(({ events }) =>
        events.find(({ transaction }) => transaction === "GET /pay/:order"),
      );
      assert.equal(event.contexts?.["trace"]?.["trace_id"], pay.traceId);
    });

    it("delivers what the app's code added", async () => {
      const span = await receiver.waitFor(({ spans }) =>
        spans.find(({ name }) => name === "place order"),
      );
      const event = await receiver.waitFor(({ events }) =>
        events.find(({ user }) => user?.["id"] === "42"),
      );
      assert.equal(event.tags?.["plan"], "gold");
      assert.equal(event.contexts?.["trace"]?.["span_id"], span.spanId);
    });

    function spanOf(route: string): Promise<ReceivedSpan> {
      return receiver.waitFor(({ spans }) =>
        spans.find(({ attributes }) => attributes["http.route"] === route),
      );
    }

    async function runBlock(block: Block): Promise<void> {
      switch (block.kind) {
        case "file":
          return session.write(block.argument, block.text);
        case "environment":
          return session.addPreparation(block.text);
        case "run":
        case "checkout":
          return run(block);
        case "serve":
          return serve(block.text);
        case "prints":
          return checkPrinted(block.text);
        case "logs":
          return checkLogs(block.text);
        case "generated":
          assert.equal(
            withoutVolatileParts(demoOutputIn(printed?.stdout ?? "")),
            withoutVolatileParts(block.text),
          );
          return undefined;
        case "text":
          return undefined;
      }
    }

    async function run({ kind, text }: Block): Promise<void> {
      const isHere = kind === "checkout";
      printed = await (isHere ? session.runInCheckout(text) : session.run(text));
      assert.equal(printed.code, 0, `${printed.stdout}\n${printed.stderr}`);
      if (!text.startsWith("npm")) assert.equal(printed.stderr, "");
      if (text.startsWith("npm install"))
        session.linkPackages("express", "winston", "@opentelemetry/api");
    }

    async function serve(command: string): Promise<void> {
      session.serve(command);
      for (const place of ["localhost:3000", "localhost:9464"]) {
        await pollUntilTrue(() => session.isOpen(place), place);
      }
    }

    function checkPrinted(text: string): void {
      assert.equal(withoutVolatileParts(printed?.stdout ?? ""), withoutVolatileParts(text));
      assert.equal(printed?.stderr, "");
    }

    async function checkLogs(text: string): Promise<void> {
      const lines = text.split("\n").length;
      await pollUntilTrue(() => session.logs.split("\n").length > lines, `${lines} whole lines`);
      assert.equal(withoutVolatileParts(session.logs), withoutVolatileParts(text));
    }
  });
});

/** Counts the files of a path, below the root or `src/`, or of a file's name anywhere in `src/`. */
function filesNamed(name: string): number {
  return globSync([name, `src/${name}`, `src/**/${name}`], { cwd: root }).length;
}

/** Returns the codes of Node's warnings that telltale emits. */
function warningCodes(): string[] {
  return globSync("src/**/*.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/code: "(TELLTALE_[A-Z_]+)"/g)].map(
      ([, code = ""]) => code,
    ),
  );
}

function pageText(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function titleOf({ kind, argument, text, page, line }: Block): string {
  const [first = ""] = text.split("\n");
  const what = ["run", "serve", "checkout"].includes(kind) ? `: ${first}` : "";
  return `${page}:${line}, ${kind}${argument === "" ? "" : ` ${argument}`}${what}`;
}

/** The first column of the table of messages, in docs/troubleshooting.md. */
function quotedLines(): string[] {
  const [, troubles = ""] = pageText("docs/troubleshooting.md").split("| Message | What to do |");
  const [table = ""] = troubles.split("\n\n");
  const lines = table
    .split("\n")
    .map((row) => row.split(" | ")[0] ?? "")
    .flatMap((cell) => [...cell.matchAll(/`(.*?)`/g)].map(([, line = ""]) => line));
  assert.ok(lines.length > 10);
  return lines;
}

/** The parts of a message that the source has literally: without inserted values, split at clauses. */
function partsOf(line: string): string[] {
  return line
    .split(
      /…|; |\bVARIABLE\b|\b\d+(?:\.\d+)?\b|\blocalhost\b|\bspans\b|\bSentry(?: at)?\b|\bUnauthorized\b|\bToo Many Requests\b/,
    )
    .map((part) => part.replace(/^[^\w']+|[^\w)?]+$/g, ""))
    .filter((part) => part.length > 3);
}

/** The anchors of a page's headings. */
function headingsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => anchorOf(title));
}

/** Returns the anchor that GitHub generates for a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
