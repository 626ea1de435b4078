import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { version } from "../../version.ts";
import { createStyleText, type StyleText } from "../../diagnostics/terminal-style.ts";
import type { Examination } from "./examination.ts";
import type { Finding } from "./finding.ts";
import type { Severity } from "./finding-rows.ts";

/** Returns the report for a terminal, with a line break at its end. */
export function renderReport(
  examination: Examination,
  stream: Parameters<typeof createStyleText>[0],
): string {
  const { findings } = examination;
  const sections = [
    aboutLines(examination),
    runLines(examination),
    variableLines(examination),
    libraryLines(examination),
    [renderFindings(findings, stream)],
  ];
  const lines = sections
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"));
  return `${lines.join("\n\n")}\n`;
}

/** Returns findings for a terminal, with their number. */
export function renderFindings(
  findings: readonly Finding<string>[],
  stream: Parameters<typeof createStyleText>[0],
): string {
  const style = createStyleText(stream);
  const lines = findings.flatMap((finding) => findingLines(finding, style));
  return [...(lines.length > 0 ? [...lines, ""] : []), summary(findings)].join("\n");
}

/** Names and values in two columns. */
function columns(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${escapeControlCharacters(text)}`);
}

function aboutLines({ app, otlp, sentry, admin, pages, command }: Examination): string[] {
  const { config, attributes, release, environmentName, manifest } = app;
  const node = command?.run.process?.node ?? process.versions.node;
  return columns([
    [
      "telltale",
      `${command?.run.process?.version ?? version}, Node ${node} on ${process.platform} ${process.arch}`,
    ],
    ["app", `${manifest.folder} (${manifest.type === "module" ? "ES modules" : "CommonJS"})`],
    ["service", String(attributes["service.name"])],
    ["release", release === undefined ? "none" : `${release.name} (${release.source})`],
    ["environment", environmentName ?? "none"],
    ...(["traces", "metrics", "logs"] as const).map(
      (signal) =>
        [
          signal,
          signalText(
            config[signal].exporters,
            otlp?.tests.filter((test) => test.signal === signal),
          ),
        ] as const,
    ),
    ["sampler", samplerText(app)],
    ["Prometheus", prometheusText(app, admin, pages)],
    ["Sentry", sentryText(app, sentry)],
  ]);
}

type Tests = NonNullable<Examination["otlp"]>["tests"];

function signalText(exporters: readonly string[], tests: Tests | undefined): string {
  const names = exporters.join(", ") || "none";
  const results = (tests ?? []).map(
    ({ address, protocol, isAccepted }) =>
      `${address} (${protocol}) ${isAccepted ? "accepted a test" : "did not accept a test"}`,
  );
  return [names, ...results].join("; ");
}

function samplerText({ config: { traces } }: Examination["app"]): string {
  const { name, ratio } = traces.sampler;
  return name.endsWith("ratio") ? `${name} ${ratio}` : name;
}

function prometheusText(
  { config: { admin, metrics } }: Examination["app"],
  check: Examination["admin"],
  pages: Examination["pages"],
): string {
  if (!metrics.exporters.includes("prometheus")) return "off";
  const port = check === undefined ? "" : `, port ${check.state}`;
  const page = pages === undefined || pages.metrics === "off" ? "" : `, page ${pages.metrics}`;
  return `${admin.host}:${admin.port}${port}${page}`;
}

function sentryText({ config }: Examination["app"], check: Examination["sentry"]): string {
  if (config.errors.dsn === undefined) return "off (SENTRY_DSN is not set)";
  if (check === undefined) return "on";
  return check.eventId === undefined
    ? `${check.address} did not accept a test event`
    : `${check.address} accepted the test event ${check.eventId}`;
}

function runLines({ command, app }: Examination): string[] {
  if (command === undefined) return [];
  const { run, requests, exit } = command;
  const total = [...run.spans.values()].reduce((sum, count) => sum + count, 0);
  const scopes = [...run.spans].map(([scope, count]) => `${scope} ${count}`).join(", ");
  return columns([
    [
      "command",
      exit === undefined
        ? "ended by doctor"
        : `ended with ${exit.signal ?? `exit code ${exit.code}`}`,
    ],
    [
      "listens on",
      run.ports.filter((port) => port !== app.config.admin.port).join(", ") || "no port",
    ],
    ["spans", total === 0 ? "none" : `${total} (${scopes})`],
    ["trace", run.traceId ?? "none"],
    ["log lines", `${run.lines}, ${run.linesWithTrace} of them with a trace id`],
    ...requests.map(
      ({ path, status, spans }) =>
        [`GET ${path}`, `${status ?? "no answer"}, server spans: ${spans}`] as const,
    ),
  ]);
}

function variableLines({ variables }: Examination): string[] {
  if (variables.length === 0) return [];
  const lines = variables.flatMap(({ name, value, source, effect }) => [
    `  ${name}=${value}${source === "environment" ? "" : ` (set by ${source})`}`,
    ...(effect === undefined ? [] : [`      ${effect.replaceAll("`", "")}`]),
  ]);
  return ["Variables", ...lines.map(escapeControlCharacters)];
}

function libraryLines({ libraries }: Examination): string[] {
  if (libraries.length === 0) return [];
  const width = Math.max(...libraries.map(({ name, version: of }) => name.length + of.length + 1));
  const lines = libraries.map(({ name, version: of, state, spans, directory }) => {
    const counted = spans === undefined || spans === 0 ? "" : `, ${spans} spans`;
    return `  ${`${name} ${of}`.padEnd(width)}  ${state}${counted}  ${directory}`;
  });
  return ["Libraries", ...lines.map(escapeControlCharacters)];
}

const COLOURS = { error: "red", warning: "yellow", info: "cyan" } as const satisfies Record<
  Severity,
  string
>;

function findingLines(
  { id, severity, message, remedy }: Finding<string>,
  style: StyleText,
): string[] {
  return [
    `${style(COLOURS[severity], severity)} ${escapeControlCharacters(message)} [${id}]`,
    `  ${escapeControlCharacters(remedy)}`,
  ];
}

function summary(findings: readonly Finding<string>[]): string {
  const count = (severity: Severity): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const words = (["error", "warning", "info"] as const)
    .map((severity) => [severity, count(severity)] as const)
    .filter(([, number]) => number > 0)
    .map(
      ([severity, number]) =>
        `${number} ${severity}${number === 1 || severity === "info" ? "" : "s"}`,
    );
  return words.length === 0 ? "Nothing found." : `Found: ${words.join(", ")}.`;
}

/** Returns the report for programs. */
export function jsonReport(examination: Examination): object {
  const { app, findings, variables, libraries, otlp, sentry, admin, pages, command } = examination;
  const { config, attributes, release, environmentName, manifest } = app;
  const run = command?.run;
  return {
    findings,
    telltale: run?.process?.version ?? version,
    node: run?.process?.node ?? process.versions.node,
    app: { folder: manifest.folder, modules: manifest.type },
    service: attributes["service.name"],
    release: release ?? null,
    environment: environmentName ?? null,
    exporters: {
      traces: config.traces.exporters,
      metrics: config.metrics.exporters,
      logs: config.logs.exporters,
    },
    sampler: config.traces.sampler,
    otlp: otlp?.tests ?? [],
    sentry:
      sentry === undefined ? null : { address: sentry.address, eventId: sentry.eventId ?? null },
    prometheus: { port: admin?.state ?? null, page: pages?.metrics ?? null },
    variables,
    libraries,
    command: command === undefined ? null : jsonCommand(command),
  };
}

function jsonCommand({ run, exit, requests }: NonNullable<Examination["command"]>): object {
  return {
    exitCode: exit?.code ?? null,
    signal: exit?.signal ?? null,
    ports: run.ports,
    spans: Object.fromEntries(run.spans),
    traceId: run.traceId ?? null,
    lines: run.lines,
    linesWithTrace: run.linesWithTrace,
    telemetry: Object.fromEntries(run.counts),
    patched: run.patched.map(({ instrumentation, file }) => ({ instrumentation, ...file })),
    requests,
  };
}
