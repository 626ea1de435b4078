import type { ReportIssue } from "./issue.ts";

/** The pattern of `@sentry/core`, which ignores any other DSN without a message. */
const DSN_PATTERN =
  /^https?:\/\/(?<key>\w+)(?::\w*)?@(?:\[[:.%\w]+\]|[\w.-]+)(?::\d+)?\/(?:.+\/)?(?<project>\d+)$/;

/** Parses a Sentry DSN: scheme, public key, host and project are required. It is never logged. */
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
