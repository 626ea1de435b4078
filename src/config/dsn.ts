import type { ReportIssue } from "./problem.ts";

/** As `@sentry/core` takes it apart; what this refuses would be dropped there in silence. */
const DSN_PATTERN =
  /^https?:\/\/(?<key>\w+)(?::\w*)?@(?:\[[:.%\w]+\]|[\w.-]+)(?::\d+)?\/(?:.+\/)?(?<project>\d+)$/;

/** A Sentry DSN: scheme, public key, host and project must be there. Never shown. */
export function parseDsn(text: string, report: ReportIssue): string | undefined {
  if (DSN_PATTERN.test(text)) return text;
  const expected = `https://<key>@<host>/<project> (${describeMissing(text)})`;
  report({ expected, used: "no error reporting" });
  return undefined;
}

function describeMissing(text: string): string {
  if (!/^https?:\/\//.test(text)) return "it does not begin with https://";
  if (!/^https?:\/\/\w+(?::\w*)?@/.test(text)) return "the key is missing";
  if (!/\/\d+$/.test(text)) return "the project number is missing";
  return "the host is wrong";
}
