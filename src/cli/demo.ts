import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inheritedEnvironment } from "../env.ts";
import { lazy } from "../lazy.ts";
import { projectFolderOf } from "../viewer/project-folder.ts";
import { openingAddress } from "../viewer/state-file.ts";
import { freePort } from "./child-process.ts";
import { printMessage } from "./command-output.ts";
import type { OpenViewer } from "./dev/open-viewer.ts";
import { type Receiver, startReceiver } from "../testing/receiver.ts";
import { demoCommand } from "./demo/command.ts";
import { Interruption } from "./interruption.ts";
import { type StyleText, createStyleText } from "../diagnostics/terminal-style.ts";
import { renderTrace } from "./demo/render-trace.ts";
import type { FailedRequest, Scenario, ServiceAddress, DemoEnvironment } from "./demo/scenario.ts";
import { collectTraceOfRequest } from "./demo/collect-trace.ts";
import type { DemoView } from "./demo/demo-view.ts";

/** Loaded with `--viewer` only. */
const loadOpenViewer = lazy<typeof import("./dev/open-viewer.ts")>("cli/dev/open-viewer.ts");

/** The root of the package, relative to `dist/cli.js` or to `src/cli/demo.ts`. */
const root = new URL(import.meta.url.endsWith(".ts") ? "../../" : "../", import.meta.url);
const shopScenario = new URL("examples/shop/scenario.ts", root);
const registerModule = new URL("dist/register.js", root);

/** The exit code that shells use for Ctrl-C. */
const INTERRUPTED_EXIT_CODE = 130;

const style: StyleText = createStyleText(process.stdout);

/**
 * Runs `telltale demo`: starts a receiver and services that export to it, and renders
 * the trace of a failed request.
 *
 * @returns the exit code.
 */
export async function demo(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      viewer: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const receiver = await startReceiver();
  const interruption = new Interruption();
  const view: DemoView = { receiver, interruption, once: values.once, print, style };
  const viewer = values.viewer ? await openDemoViewer() : undefined;
  const environment = createEnvironment(receiver, viewer?.state.url);
  if (viewer !== undefined) print(`telltale viewer: ${openingAddress(viewer.state)}`);
  try {
    if (positionals.length > 0) return await demoCommand(positionals, environment, view);
    return await demoShop(environment, view);
  } finally {
    interruption.dispose();
    await receiver.close();
    await viewer?.close();
  }
}

function openDemoViewer(): Promise<OpenViewer> {
  const project = projectFolderOf(process.cwd());
  return loadOpenViewer().openViewer({ project, port: undefined, print: printMessage });
}

async function demoShop(environment: DemoEnvironment, view: DemoView): Promise<number> {
  if (!existsSync(shopScenario)) {
    process.stderr.write(
      "telltale: the demo shop is in the repository only, not in the package; run the demo with a service: telltale demo -- node app.js\n",
    );
    return 2;
  }
  try {
    const scenario = (await import(shopScenario.href)) as Scenario;
    return await runScenario(scenario, environment, view);
  } catch (error) {
    // Ctrl-C stops the services too, which makes any step fail.
    if (view.interruption.hasOccurred) return INTERRUPTED_EXIT_CODE;
    throw error;
  }
}

async function runScenario(
  scenario: Scenario,
  environment: DemoEnvironment,
  view: DemoView,
): Promise<number> {
  const { interruption, receiver } = view;
  const running = await scenario.start(environment);
  try {
    const traffic = running.sendTraffic();
    traffic.catch(() => {});
    const failed = await Promise.race([traffic, interruption.occurred]);
    if (failed === undefined) return INTERRUPTED_EXIT_CODE;
    const trace = await Promise.race([
      collectTraceOfRequest(receiver, failed.requestId, running.services),
      interruption.occurred,
    ]);
    if (trace === undefined) return INTERRUPTED_EXIT_CODE;
    for (const line of [...formatIntroduction(failed), ...renderTrace(trace, style)]) print(line);
    if (view.once) return 0;
    for (const line of formatAddresses(receiver, running.services, trace.traceId)) print(line);
    await interruption.occurred;
    return 0;
  } finally {
    await running.stop();
  }
}

function formatIntroduction({ title, sent, failed }: FailedRequest): string[] {
  const summary = `${sent} requests, ${failed} of them failed. The telemetry of the last one,`;
  return ["", summary, `${style("bold", title)}:`, ""];
}

function formatAddresses(
  receiver: Receiver,
  services: readonly ServiceAddress[],
  traceId: string,
): string[] {
  const rows = services.flatMap(({ name, page, adminUrl }) => {
    const pages = [...(page === undefined ? [] : [page]), `${adminUrl}/metrics`];
    return [...pages, `${adminUrl}/healthz`].map((url, at) => [at === 0 ? name : "", url] as const);
  });
  return [
    "",
    `${style("dim", "──")} ${style("bold", "Open")} ${style("dim", "─".repeat(72))}`,
    ...rows.map(([name, url]) => `${style("dim", name.padEnd(10))}${url}`),
    `${style("dim", "receiver".padEnd(10))}${receiver.url}/received/spans?trace_id=`,
    `${" ".repeat(10)}${traceId}`,
    "",
    style("dim", "Press Ctrl-C to exit."),
  ];
}

function createEnvironment(receiver: Receiver, viewerUrl: string | undefined): DemoEnvironment {
  return {
    preload: ["--import", fileURLToPath(registerModule)],
    variablesFor: async (service) => ({
      ...inheritedEnvironment(),
      ...(service !== "" && { OTEL_SERVICE_NAME: service }),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      ...(viewerUrl !== undefined && { TELLTALE_VIEWER: viewerUrl }),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      // Short, because the demo is interactive.
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_BLRP_SCHEDULE_DELAY: "200",
      // Express prints an error after its response, so the order of two services would vary.
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
      SENTRY_DSN: receiver.dsn,
      SENTRY_ENVIRONMENT: "demo",
    }),
    log: (text) => print(style("dim", `telltale: ${text}`)),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
