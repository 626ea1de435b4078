import type { RedactionSetting } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";

const NAME = /^[\w$][\w$.-]{0,127}$/;
const EXPECTED = "names of fields, -name for exceptions, email, ip; or none alone";

/** Parses a list such as `nationalId,user.address,-session_id,email`. An invalid entry is ignored. */
export function parseRedaction(text: string, report: ReportIssue): RedactionSetting | undefined {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (entries.every((entry) => entry.toLowerCase() === "none")) return { config: undefined };
  const valid = entries.filter((entry) => isName(entry.replace(/^-/, ""), entry, report));
  const names = valid.filter((entry) => !isClass(entry) && !entry.startsWith("-"));
  return {
    config: {
      fields: names,
      exceptions: valid.filter((entry) => entry.startsWith("-")).map((entry) => entry.slice(1)),
      emailAddresses: valid.includes("email"),
      ipAddresses: valid.includes("ip"),
    },
  };
}

function isClass(entry: string): boolean {
  return entry === "email" || entry === "ip";
}

function isName(name: string, entry: string, report: ReportIssue): boolean {
  const isUsable = NAME.test(name) && name.toLowerCase() !== "none";
  if (!isUsable)
    report({ received: formatMasked(entry), expected: EXPECTED, used: "the other entries" });
  return isUsable;
}
