import type { Alert, Runbook } from "../alerts/alert.ts";
import { contextOf } from "../alerts/alert-context.ts";
import { limitOf } from "../alerts/alert-rule.ts";
import type { AlertContext } from "../alerts/alert-settings.ts";
import { alertsOf } from "../alerts/alerts.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { checklistsText } from "./checklists.ts";
import { indexText } from "./index-page.ts";
import { type ObjectiveRunbook, objectiveRunbooks } from "./slo.ts";
import { troubleshootingText } from "./troubleshooting.ts";

/** Returns `runbooks/NAME.md` for each alert, an index, and pages for reviews and by symptom. */
export function runbookFiles(options: OpsOptions): readonly OutputFile[] {
  const pages = alertsOf(options).map((alert) => ({
    path: `runbooks/${alert.name}.md`,
    text: runbookText(alert, options),
  }));
  return [
    ...pages,
    ...objectiveRunbooks.map((runbook) => ({
      path: `runbooks/${runbook.name}.md`,
      text: objectiveRunbookText(runbook, options),
    })),
    { path: "runbooks/README.md", text: indexText(options) },
    { path: "runbooks/checklists.md", text: checklistsText },
    { path: "runbooks/troubleshooting.md", text: troubleshootingText },
  ];
}

/** Returns the page of an alert in Markdown. */
export function runbookText(alert: Alert, options: OpsOptions): string {
  const context = contextOf(alert, options);
  const matchers = alert.by.includes("job") ? " service=SERVICE" : "";
  const page = pageText({ ...alert, meaning: meaningText(alert, context), matchers }, options);
  return page.replaceAll("{{threshold}}", limitOf(alert, context));
}

/** Returns the page of an alert on objectives. */
export function objectiveRunbookText(runbook: ObjectiveRunbook, options: OpsOptions): string {
  return pageText({ ...runbook, runbook, matchers: " service=SERVICE" }, options);
}

interface Page {
  readonly name: string;
  readonly meaning: string;
  readonly runbook: Runbook;
  /** Matchers of a silence, beside the name. */
  readonly matchers: string;
}

function pageText(page: Page, options: OpsOptions): string {
  const { users, causes, steps } = page.runbook;
  const sections = [
    `# ${page.name}`,
    page.meaning,
    `## What users notice\n\n${users}`,
    `## Look at first\n\n${queriesText(page.runbook, options)}`,
    `## Likely causes\n\n${causes.map((cause) => `- ${cause}`).join("\n")}`,
    `## How to fix it\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join("\n")}`,
    `## How to silence it\n\n${silenceText(page, options)}`,
    `## Who to call\n\n${contactsText(options)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function meaningText(alert: Alert, context: AlertContext): string {
  const { threshold } = alert;
  const duration = context.for === "0s" ? "" : ` for ${context.for}`;
  const lines = [
    `**${context.severity}.** ${alert.meaning} It fires ${threshold.fires} ${limitOf(alert, context)}${duration}: ${lowerFirst(threshold.reason)}`,
  ];
  if (alert.events !== undefined && context.minimum > 0)
    lines.push(
      `It needs at least ${context.minimum} of them in ${context.window}: ${lowerFirst(alert.events.reason)}`,
    );
  if (alert.inhibitedBy !== undefined)
    lines.push(
      `It is not sent while ${alert.inhibitedBy.map((name) => `[${name}](${name}.md)`).join(" or ")} fires, which has the same cause.`,
    );
  return lines.join("\n\n");
}

/** A sentence that follows a colon. Names of systems and code stay as they are. */
function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]* /.test(sentence) && !/^(?:V8|OTLP|Prometheus) /.test(sentence)
    ? sentence.slice(0, 1).toLowerCase() + sentence.slice(1)
    : sentence;
}

function queriesText({ queries }: Runbook, { links }: OpsOptions): string {
  return queries
    .map(({ question, expr }) => {
      const { prometheus } = links;
      const link =
        prometheus === undefined
          ? ""
          : ` [Open](${prometheus}/graph?g0.expr=${encodeURIComponent(expr)}&g0.tab=0&g0.range_input=3h)`;
      return `${question}${link}\n\n\`\`\`text\n${expr}\n\`\`\``;
    })
    .join("\n\n");
}

function silenceText({ name, matchers }: Page, { links }: OpsOptions): string {
  const { alertmanager } = links;
  const filter = `{alertname="${name}"}`;
  const page =
    alertmanager === undefined
      ? "The link is in each message."
      : `[Open the form](${alertmanager}/#/silences/new?filter=${encodeURIComponent(filter)}), or use the link in the message.`;
  return `For as long as you work on it, and not longer. ${page}\n\n\`\`\`sh\namtool silence add --duration=2h --comment="REASON" alertname=${name}${matchers}\n\`\`\``;
}

function contactsText({ contacts, team }: OpsOptions): string {
  const lines = [...contacts].map(([name, contact]) => `- **${name}**: ${contact}`);
  return lines.length > 0
    ? lines.join("\n")
    : `The team in the label \`team\` of the alert, by default ${team}. Add \`contacts\` to telltale.ops.yaml, and they are listed here.`;
}
