import { generateFiles } from "../../../src/ops/generate.ts";
import { defaultOptions, type OpsOptions } from "../../../src/ops/options/ops-options.ts";
import type { OutputFile } from "../../../src/ops/output-file.ts";
import { ruleFileOf } from "../../ops/slo/rule-file.ts";

/** Files that are used together, for the tests of expressions. */
export interface OutputFolder {
  readonly title: string;
  readonly files: readonly OutputFile[];
}

const ofTwoServices: OpsOptions = {
  ...defaultOptions,
  services: [{ name: "shop", team: "sales" }, { name: "payments" }],
};

const FRESHNESS = `slo:
  objectives:
    - { name: job, service: shop, objective: 99, freshness: { job: nightly, within: 26h } }
    - { name: queue, objective: 99, freshness: { queue: mails, within: 5m } }
`;

/** Returns rules of `telltale slo`, of every kind of objective whose metrics are those of telltale. */
export function sloRules(): readonly OutputFile[] {
  const objective = ["--objective", "99.9"];
  const variants = {
    all: [...objective, "--latency", "250ms"],
    routes: [...objective, "--latency", "250ms", "--service", "shop", "--by-route"],
    whole: [...objective, "--latency", "1s", "--route", "/api/orders", "--name", "whole"],
  };
  const files = Object.entries(variants).map(([name, args]) => ({
    path: `prometheus/slo-${name}.yaml`,
    text: ruleFileOf(args),
  }));
  const freshness = ruleFileOf(["--from", "telltale.ops.yaml"], FRESHNESS);
  return [...files, { path: "prometheus/slo-freshness.yaml", text: freshness }];
}

/** Returns the folders whose expressions are tested. Dashboards have series that objectives record. */
export function outputFolders(): readonly OutputFolder[] {
  return [
    {
      title: "telltale ops, without options",
      files: [...generateFiles(defaultOptions), ...sloRules()],
    },
    {
      title: "telltale ops, of two services",
      files: [...generateFiles(ofTwoServices), ...sloRules()],
    },
    { title: "telltale slo", files: sloRules() },
  ];
}
