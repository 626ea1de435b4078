import type { App } from "./app.ts";
import type { CommandRun } from "./command-run.ts";
import { createFinding, type Finding } from "./finding.ts";
import { packageIn } from "./installed-packages.ts";
import { isInstrumented } from "./libraries-check.ts";
import type { ObservedMessage, ObservedRun } from "./observed-run.ts";

/** Returns what the run of the command has shown, but for its libraries. */
export function checkRun(app: App, commandRun: CommandRun): Finding[] {
  const { run } = commandRun;
  return [
    ...startFindings(app, run),
    ...lateFindings(run),
    ...exitFindings(commandRun),
    ...(run.inspector === undefined
      ? []
      : [createFinding("inspector-open", { host: run.inspector })]),
    ...run.messages.flatMap((message) => messageFinding(message, run)),
    ...lossFindings(run),
    ...requestFindings(app, commandRun),
  ];
}

function startFindings({ config, flags }: App, run: ObservedRun): Finding[] {
  // The flag has a finding of its own.
  const isExplained = config.disabled || flags.some((flag) => flag.includes("require-module"));
  return run.process === undefined && !isExplained ? [createFinding("preload-lost")] : [];
}

function lateFindings({ packagesBeforePreload, lateVariables }: ObservedRun): Finding[] {
  const names = (packagesBeforePreload ?? [])
    .map((directory) => packageIn(directory)?.name ?? "")
    .filter(isInstrumented);
  return [
    ...(names.length === 0
      ? []
      : [createFinding("preload-late", { libraries: [...new Set(names)].join(", ") })]),
    ...(lateVariables.length === 0
      ? []
      : [createFinding("variables-late", { variables: lateVariables.join(", ") })]),
  ];
}

/** A program that ends by itself, or one that Ctrl-C has ended, is no finding. */
function exitFindings({ exit }: CommandRun): Finding[] {
  if (exit === undefined || exit.code === 0) return [];
  const outcome = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  return [createFinding("command-failed", { outcome })];
}

/** Keys of messages that have a finding of their own, or that doctor itself causes. */
const COVERED =
  /^(export|instrumentation\.|errors\.[^ ]*\.(unavailable|unreachable)|no-app|delivery)/;

function messageFinding({ level, key, text }: ObservedMessage, run: ObservedRun): Finding[] {
  if (level !== "warn" && level !== "error") return [];
  if (key.startsWith("instrumentation.late:"))
    return [createFinding("library-early", { library: text.split(" was loaded")[0] ?? "" })];
  if (key === "other-sdk") return [createFinding("other-sdk", { source: sourceOfSdk(run) })];
  if (/Sentry\.init|captures errors by Sentry|app's Sentry/.test(text))
    return [createFinding("app-sentry", { text })];
  // Both endpoints are tested.
  if (COVERED.test(key) || /^cannot send |^Sentry at /.test(text)) return [];
  return [createFinding("message", { text })];
}

function sourceOfSdk({ process }: ObservedRun): string {
  const others = (process?.flags ?? []).filter(
    (flag, at, flags) =>
      /^(--require|-r|--import)$/.test(flags[at - 1] ?? "") || /^--(require|import)=/.test(flag),
  );
  const names = others
    .map((flag) => flag.replace(/^--(require|import)=/, ""))
    .filter((name) => !/register\.c?js|telltale\/register/.test(name));
  return names.join(", ") || "code that runs before the preload";
}

const LOSSES = ["failed", "rejected", "queue_full"];

function lossFindings({ counts }: ObservedRun): Finding[] {
  return [...counts].flatMap(([signal, { dropped }]) =>
    LOSSES.filter((reason) => (dropped[reason] ?? 0) > 0).map((reason) =>
      createFinding("telemetry-dropped", { count: dropped[reason] ?? 0, signal, reason }),
    ),
  );
}

function requestFindings({ config }: App, { requests }: CommandRun): Finding[] {
  const { sampler } = config.traces;
  const isSampled = !sampler.name.endsWith("always_off") && sampler.ratio === 1;
  const missing = isSampled
    ? requests.filter(({ status, spans }) => status !== undefined && spans === 0)
    : [];
  return missing.map(({ path }) => createFinding("request-without-span", { path }));
}
