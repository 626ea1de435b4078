import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { root } from "../../scripts/build/paths.ts";
import { parseOpsConfig } from "../../src/cli/ops/config-file.ts";
import { compareFolder } from "../../src/cli/ops/folder.ts";
import { generateFiles } from "../../src/ops/generate.ts";
import { defaultOptions, type OpsOptions } from "../../src/ops/options/ops-options.ts";
import type { OutputFile } from "../../src/ops/output-file.ts";
import { goToolOrSkip, programOrSkip } from "../programs.ts";
import { withFolder } from "./generated-folder.ts";

const run = promisify(execFile);

const everything = `
services: { shop: { team: web }, payments: { team: payments } }
business: { shop_orders_total: { title: Orders } }
prometheus:
  targets: { shop: ["shop:9464"] }
  collector: collector:8888
  collector_page: collector:8889
uptime: { urls: ["https://shop.example/healthz"], blackbox: "blackbox:9115" }
`;

const optionRows: readonly { readonly title: string; readonly options: OpsOptions }[] = [
  { title: "the defaults", options: defaultOptions },
  { title: "more options", options: parseOpsConfig("telltale.ops.yaml", everything).options },
];

describe("the folder ops/ of the repository", () => {
  it("is what telltale ops writes from telltale.ops.yaml", async () => {
    const text = await readFile(join(root, "telltale.ops.yaml"), "utf8");
    const { options, problems } = parseOpsConfig("telltale.ops.yaml", text);
    assert.deepEqual(problems, []);
    const differences = await compareFolder(join(root, "ops"), generateFiles(options));
    assert.deepEqual(
      differences.filter(({ state }) => state !== "current"),
      [],
    );
  });
});

for (const { title, options } of optionRows) {
  describe(`the folder of telltale ops, with ${title}`, () => {
    const files = generateFiles(options);

    it("has valid configurations of Prometheus", async function () {
      const promtool = programOrSkip(this, "promtool");
      await withFolder(files, async (folder) => {
        await run(promtool, ["check", "config", join(folder, "prometheus/prometheus.yaml")]);
        await run(promtool, ["check", "config", join(folder, "prometheus/prometheus-docker.yaml")]);
        // Debian's has no discovery of Kubernetes.
        const kubernetes = join(folder, "prometheus/prometheus-kubernetes.yaml");
        const config = await readFile(kubernetes, "utf8");
        assert.match(config, /kubernetes_sd_configs:\n {6}- role: pod\n/);
        const found = config.replace(/kubernetes_sd_configs:\n.*\n/, "static_configs: []\n");
        await writeFile(kubernetes, found);
        await run(promtool, ["check", "config", kubernetes]);
      });
    });

    it("has rules that Prometheus 3 reads", async function () {
      const promtool = await goToolOrSkip(this, "promtool");
      await withFolder(files, async (folder) => {
        const rules = await rulesIn(folder);
        assert.ok(rules.length >= 4);
        await run(promtool, ["check", "rules", ...rules]);
      });
    });

    it("has modules that the blackbox exporter reads", async function () {
      const blackbox = programOrSkip(this, "prometheus-blackbox-exporter");
      await withFolder(files, async (folder) => {
        const config = `--config.file=${join(folder, "blackbox/blackbox.yaml")}`;
        await run(blackbox, [config, "--config.check"]);
      });
    });

    it("tests its recordings", async function () {
      const promtool = programOrSkip(this, "promtool");
      await withFolder(files, async (folder) => {
        await run(promtool, ["test", "rules", join(folder, "tests/recordings.yaml")]);
      });
    });

    it("has manifests for Kubernetes with the rules of Prometheus", () => {
      for (const { path, text } of filesIn(files, "kubernetes/")) {
        for (const document of parseAllDocuments(text)) {
          assert.deepEqual(document.errors, [], path);
          const { apiVersion, kind, metadata } = document.toJS() as Manifest;
          assert.match(apiVersion, /^(?:monitoring\.coreos\.com\/v1|apps\/v1)$/, path);
          assert.match(`${kind} ${metadata.name}`, /^[A-Z]\w+ [a-z\d-]+$/, path);
        }
      }
      for (const name of ["recordings", "alerts", "alerts-calendar", "slo"]) {
        const [rules, manifest] = [`prometheus/${name}.yaml`, `kubernetes/rules-${name}.yaml`].map(
          (path) => parse(files.find((file) => file.path === path)?.text ?? "") as Rules,
        );
        assert.deepEqual(manifest?.spec?.groups, rules?.groups, name);
      }
    });

    it("has each alert on its index of runbooks, with a page", () => {
      const index = files.find(({ path }) => path === "runbooks/README.md")?.text ?? "";
      const names = filesIn(files, "prometheus/").flatMap(({ text }) =>
        [...text.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name),
      );
      assert.ok(names.length > 40);
      for (const name of names) {
        assert.ok(index.includes(`[${name}](${name}.md)`), name);
        assert.ok(
          files.some(({ path }) => path === `runbooks/${name}.md`),
          name,
        );
      }
    });

    it("has no links to pages that don't exist", () => {
      for (const { path, text } of filesIn(files, "runbooks/"))
        for (const [, target = ""] of text.matchAll(/\]\(([\w.-]+\.md)\)/g))
          assert.ok(
            files.some((file) => file.path === `runbooks/${target}`),
            `${path}: ${target}`,
          );
    });
  });
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Rules {
  readonly groups?: unknown;
  readonly spec?: { readonly groups: unknown };
}

function filesIn(files: readonly OutputFile[], folder: string): readonly OutputFile[] {
  return files.filter(({ path }) => path.startsWith(folder));
}

async function rulesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, "prometheus"));
  return names
    .filter((name) => !name.startsWith("prometheus"))
    .map((name) => join(folder, "prometheus", name));
}
