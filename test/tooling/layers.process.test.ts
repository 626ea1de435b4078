import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/node.mjs";

/** Projects of two files: one with a forbidden import, and the imported one. */
const violations = [
  {
    title: "a pipeline must not import another",
    file: "src/traces/span.ts",
    text: 'import { answer } from "../metrics/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "nor from a folder further down",
    file: "src/traces/propagation/baggage.ts",
    text: 'import { answer } from "../../logs/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "nor from three folders down",
    file: "src/instrumentation/rpc/trpc/adaptor.ts",
    text: 'import { answer } from "../../../messaging/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "types count as well",
    file: "src/errors/client.ts",
    text: 'import type { answer } from "../logs/answer.ts";\nexport type A = typeof answer;\n',
    rule: "no-restricted-imports",
  },
  {
    title: "the context imports no other layer",
    file: "src/context/unit-of-work.ts",
    text: 'import { answer } from "../config/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "only the configuration knows the environment",
    file: "src/metrics/meter.ts",
    text: 'import { answer } from "../env.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "the environment knows nothing",
    file: "src/env.ts",
    text: 'import { answer } from "./config/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "no layer knows the composition root",
    file: "src/http/server/http-server.ts",
    text: 'import { answer } from "../../start.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "generators import no other layer",
    file: "src/ops/slo/rules.ts",
    text: 'import { answer } from "../../cli/answer.ts";\nanswer();\n',
    rule: "no-restricted-imports",
  },
  {
    title: "process.env is read in env.ts only",
    file: "src/config/parse.ts",
    text: "export const home: string | undefined = process.env.HOME;\n",
    rule: "no-process-env",
  },
  {
    title: "only HTTP and messaging get the whole unit of work",
    file: "src/instrumentation/frameworks/koa/adaptor.ts",
    text: 'import type { answer } from "../../../context/unit-of-work.ts";\nexport type A = typeof answer;\n',
    rule: "no-restricted-imports",
  },
  {
    title: "nor do others get it from the active context",
    file: "src/logs/correlation.ts",
    text: 'import { activeUnitOfWork } from "../context/manager.ts";\nactiveUnitOfWork();\n',
    beside: "export const answer = (): void => {};\n",
    rule: "no-restricted-imports",
  },
  {
    title: "modules form no circle",
    file: "src/traces/span.ts",
    text: 'import { answer } from "./answer.ts";\nexport const circle = answer;\n',
    beside: 'import { circle } from "./span.ts";\nexport const answer = (): unknown => circle;\n',
    rule: "no-cycle",
  },
  {
    title: "nor do types",
    file: "src/traces/span.ts",
    text: 'import type { Answer } from "./answer.ts";\nexport interface Circle {\n  readonly answer: Answer;\n}\n',
    beside:
      'import type { Circle } from "./span.ts";\nexport interface Answer {\n  readonly circle: Circle;\n}\nexport const answer = (): void => {};\n',
    rule: "no-cycle",
  },
  {
    title: "a promise is not left alone",
    file: "src/export/batch-processor.ts",
    text: "export function send(): void {\n  fetch('http://localhost');\n}\n",
    rule: "no-floating-promises",
  },
  {
    title: "nothing is any",
    file: "src/export/batch-processor.ts",
    text: "export function send(value: any): void {\n  console.log(value);\n}\n",
    rule: "no-explicit-any",
  },
];

const allowed = [
  {
    title: "a view of the unit of work is for all layers",
    file: "src/logs/correlation.ts",
    text: 'import { answer } from "../context/unit-access.ts";\nanswer();\n',
  },
  {
    title: "a pipeline may import what is below it",
    file: "src/traces/span.ts",
    text: 'import { answer } from "../context/answer.ts";\nanswer();\n',
  },
  {
    title: "a layer may have folders with the names of layers",
    file: "src/instrumentation/rpc/trpc/adaptor.ts",
    text: 'import { answer } from "../../messaging/answer.ts";\nanswer();\n',
  },
  {
    title: "env.ts may read process.env",
    file: "src/env.ts",
    text: "export const home: string | undefined = process.env.HOME;\n",
  },
];

describe("The lint rules of the layers", () => {
  let project: string;

  before(async () => {
    project = await mkdtemp(join(tmpdir(), "telltale-lint-"));
    await cp(join(root, "oxlint.config.ts"), join(project, "oxlint.config.ts"));
    await cp(join(root, "tsconfig.json"), join(project, "tsconfig.json"));
    await symlink(join(root, "node_modules"), join(project, "node_modules"));
    // A linked folder is not known as one of packages, and would be linted.
    await writeFile(join(project, ".gitignore"), "node_modules\n");
    await writeFile(join(project, "package.json"), '{"type":"module"}');
  });

  after(() => rm(project, { recursive: true, force: true }));

  afterEach(() => rm(join(project, "src"), { recursive: true, force: true }));

  for (const { title, file, text, beside, rule } of violations) {
    it(`report that ${title}`, async () => {
      const output = await lint(file, text, beside);
      assert.match(output, new RegExp(`${file}:.*\\(${rule}\\)`), output);
    });
  }

  for (const { title, file, text } of allowed) {
    it(`accept that ${title}`, async () => {
      assert.equal(await lint(file, text), "");
    });
  }

  /** Returns oxlint's output for a project with `text` in `file`, where all imports exist. */
  async function lint(file: string, text: string, beside?: string): Promise<string> {
    const imported = /from "(.*)"/.exec(text)?.[1];
    if (imported !== undefined) {
      const answer = beside ?? "export const answer = (): void => {};\n";
      await writeSource(join(dirname(file), imported), answer);
    }
    await writeSource(file, text);
    const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
    return new Promise((resolve) => {
      execFile(process.execPath, [oxlint, "-f", "unix"], { cwd: project }, (_, stdout) => {
        resolve(stdout.trim());
      });
    });
  }

  async function writeSource(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), text);
  }
});
