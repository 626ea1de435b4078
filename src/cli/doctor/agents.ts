import type { App } from "./app.ts";
import { createFinding, type Finding } from "./finding.ts";
import { packageIn } from "./installed-packages.ts";
import type { ObservedRun } from "./observed-run.ts";

/** Packages that instrument a process as a whole. */
const AGENTS: readonly string[] = [
  "dd-trace",
  "newrelic",
  "elastic-apm-node",
  "@opentelemetry/sdk-node",
  "@opentelemetry/auto-instrumentations-node",
  "@splunk/otel",
  "@honeycombio/opentelemetry-node",
  "@azure/monitor-opentelemetry",
  "applicationinsights",
  "@instana/collector",
  "@dynatrace/oneagent",
  "appdynamics",
  "@google-cloud/trace-agent",
  "aws-xray-sdk-core",
  "@grafana/otel-node",
];

/** Returns the other agents that the app has loaded, or loads by a flag or its start script. */
export function checkAgents(app: App, run: ObservedRun | undefined): Finding[] {
  const loaded = (run?.packages ?? [])
    .map((directory) => packageIn(directory))
    .filter((one) => one !== undefined)
    .filter(({ name }) => AGENTS.includes(name));
  if (loaded.length > 0) {
    // A distribution is built on others.
    const [first] = loaded;
    return [
      createFinding("other-agent", {
        agent: loaded.map(({ name, version }) => `${name} ${version}`).join(", "),
        source: first?.directory ?? "",
      }),
    ];
  }
  const texts: readonly (readonly [text: string, source: string])[] = [
    [app.flags.join(" "), "NODE_OPTIONS or a flag"],
    [app.manifest.startScript ?? "", "the start script of package.json"],
  ];
  return texts.flatMap(([text, source]) => {
    const agent = agentIn(text);
    return agent === undefined ? [] : [createFinding("other-agent", { agent, source })];
  });
}

/** Loggers that are often used, and that are not instrumented. */
const LOGGERS: ReadonlySet<string> = new Set([
  "consola",
  "log4js",
  "loglevel",
  "npmlog",
  "roarr",
  "signale",
  "tracer",
  "tslog",
]);

/** Returns the loggers of the app whose lines telltale does not see. */
export function checkLoggers({ manifest }: App): Finding[] {
  return manifest.dependencies
    .filter((name) => LOGGERS.has(name))
    .map((logger) => createFinding("logger-unsupported", { logger }));
}

/** Finds the name of an agent in flags or a script, alone or in a path: some are on the disk of a host. */
function agentIn(text: string): string | undefined {
  const words = text.split(/[\s="']/);
  return AGENTS.find((name) =>
    words.some((word) => `/${word}/`.replaceAll("\\", "/").includes(`/${name}/`)),
  );
}
