import type { ReportIssue } from "./issue.ts";

/*
 * Names of releases and environments. Sentry discards a name that it does not accept,
 * and with it the release of the event or the whole session.
 * https://docs.sentry.io/product/releases/naming-releases/
 */

/** Limits and reserved names of one kind of name. */
interface NameRules {
  /** Maximum length in bytes. */
  readonly maxLength: number;
  readonly reserved: readonly string[];
}

const releaseRules: NameRules = { maxLength: 200, reserved: ["", ".", "..", "latest"] };
const environmentRules: NameRules = { maxLength: 64, reserved: ["", ".", "..", "none"] };

/**
 * Returns a text as the name of a release: the package `@acme/shop` as `acme-shop`, as
 * `npm pack` names it, and any other slash as a dash. Undefined for a reserved name.
 */
export function releaseName(text: string): string | undefined {
  return normalize(text.replace(/^@(?=[^@]*\/)/, ""), releaseRules);
}

/** Returns a text as the name of an environment; undefined for a reserved name. */
export function environmentName(text: string): string | undefined {
  return normalize(text, environmentRules);
}

/** Parses the name of a release, and reports a change. */
export function parseRelease(text: string, report: ReportIssue): string | undefined {
  return reportChange(text, releaseName(text), releaseRules, report);
}

/** Parses the name of an environment, and reports a change. */
export function parseEnvironment(text: string, report: ReportIssue): string | undefined {
  return reportChange(text, environmentName(text), environmentRules, report);
}

function reportChange(
  text: string,
  name: string | undefined,
  { maxLength }: NameRules,
  report: ReportIssue,
): string | undefined {
  if (name === text) return name;
  const expected = `a name of at most ${maxLength} bytes without / and \\`;
  const used = `its first ${maxLength} bytes, with a dash for each of these characters`;
  report({ expected, ...(name !== undefined && { used }) });
  return name;
}

function normalize(text: string, { maxLength, reserved }: NameRules): string | undefined {
  // oxlint-disable-next-line no-control-regex -- Sentry accepts none of them.
  const name = truncate(text.replaceAll(/[/\\\u0000-\u001f\u007f]/g, "-"), maxLength).trim();
  return reserved.includes(name.toLowerCase()) ? undefined : name;
}

/** Truncates at a character: an incomplete one is decoded as U+FFFD. */
function truncate(text: string, maxLength: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxLength) return text;
  return bytes.toString("utf8", 0, maxLength).replace(/\uFFFD$/, "");
}
