import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { AdminConfig, Config } from "../../config/config.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { adminOrigin } from "../health/admin-address.ts";
import { isKubernetes } from "./container.ts";
import { createFinding, type Finding } from "./finding.ts";
import { isLoopback } from "./otlp-check.ts";
import { probe, type ProbeResult } from "./probe.ts";

const TIMEOUT_MS = 3000;
/** How long the page of an app that listens is waited for. */
const WAIT_MS = 3000;
const POLL_MS = 100;

/** Whether the Prometheus page can be served; the state of its port. */
export interface AdminCheck {
  readonly state: "free" | "taken" | "served by telltale" | "any free port" | "not possible";
  readonly findings: readonly Finding[];
}

/** Finds out whether the app's admin server could listen now. */
export async function checkAdminPort({ admin, metrics }: Config): Promise<AdminCheck> {
  const { host, port } = admin;
  if (!metrics.exporters.includes("prometheus")) return { state: "free", findings: [] };
  const isHidden = isKubernetes() && isLoopback(host);
  const local = isHidden ? [createFinding("prometheus-local", { host })] : [];
  if (port === 0) return { state: "any free port", findings: local };
  const code = await listenError(host, port);
  if (code === undefined) return { state: "free", findings: local };
  if (code !== "EADDRINUSE") {
    const findings = [...local, createFinding("prometheus-host", { host, code })];
    return { state: "not possible", findings };
  }
  if (await isTelltale(admin)) return { state: "served by telltale", findings: local };
  return {
    state: "taken",
    findings: [...local, createFinding("prometheus-port-taken", { host, port })],
  };
}

/** Returns the code of the error of a server that listens on a port, and ends at once. */
async function listenError(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Whether a telltale listens on the port: that of the app, which runs beside doctor. */
async function isTelltale(admin: AdminConfig): Promise<boolean> {
  const result = await getPage(admin, "/healthz");
  if (result.kind !== "response") return false;
  return Buffer.from(result.response.body).toString("utf8").includes('"telemetry"');
}

function getPage(admin: AdminConfig, path: string): Promise<ProbeResult> {
  return probe({ url: adminOrigin(admin) + path, method: "GET", timeoutMs: TIMEOUT_MS });
}

/** The state of the pages of a running app. */
export interface RunningPages {
  readonly metrics: "reached" | "not reached" | "off";
  readonly findings: readonly Finding[];
}

/** Requests the metrics page and the health page of the app that runs. */
export async function checkRunningPages({ admin, metrics }: Config): Promise<RunningPages> {
  const { host, port } = admin;
  if (port === 0 || !metrics.exporters.includes("prometheus"))
    return { metrics: "off", findings: [] };
  const reason = await waitForPage(admin);
  if (reason !== undefined) {
    const values = { address: `${host}:${port}`, reason };
    return { metrics: "not reached", findings: [createFinding("prometheus-page", values)] };
  }
  const health = await getPage(admin, "/healthz");
  return { metrics: "reached", findings: failingChecks(health) };
}

/** The page listens only after the app does. Returns why it is not reached, or undefined. */
async function waitForPage(admin: AdminConfig): Promise<string | undefined> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const problem = pageProblem(await getPage(admin, "/metrics"));
    if (problem === undefined || performance.now() > end) return problem;
    await pause(POLL_MS);
  }
}

/** A page that requires credentials answers 401, and one with a certificate of its own is there, too. */
function pageProblem(result: ProbeResult): string | undefined {
  if (result.kind === "silent") return `no answer within ${result.ms} ms`;
  if (result.kind === "failure")
    return /CERT|ISSUER|SELF_SIGNED|ALTNAME/.test(result.code) ? undefined : result.code;
  const { status } = result.response;
  return status === 200 || status === 401 ? undefined : `it answers ${status}`;
}

/** The checks of exporters are left out: the endpoints have findings of their own. */
function failingChecks(result: ProbeResult): Finding[] {
  if (result.kind !== "response") return [];
  try {
    const text = Buffer.from(result.response.body).toString("utf8");
    const { checks } = JSON.parse(text) as {
      readonly checks?: Readonly<Record<string, { readonly status?: string }>>;
    };
    return Object.entries(checks ?? {})
      .filter(([, { status }]) => status === "fail")
      .map(([check]) => createFinding("health-failing", { check: excerpt(check), detail: "" }));
  } catch {
    return [];
  }
}
