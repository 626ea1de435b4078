import { isIP } from "node:net";
import type { RedactionConfig } from "../config/config.ts";
import { REDACTED } from "../secrets.ts";

/** Redacts the addresses of mail and IP that the options name. */
export function redactAddresses(
  text: string,
  { emailAddresses, ipAddresses }: RedactionConfig,
): string {
  const withoutEmail = emailAddresses ? redactEmailAddresses(text) : text;
  return ipAddresses ? redactIpAddresses(withoutEmail) : withoutEmail;
}

/** A domain with at least one dot. */
const DOMAIN = /(?:[a-z\d-]{1,63}\.){1,8}[a-z]{2,63}/iy;
const LOCAL_CHARACTER = /[\w.+%'-]/;
const MAX_LOCAL_LENGTH = 64;

/** Looks for each `@` and from there in both directions, which takes linear time. */
function redactEmailAddresses(text: string): string {
  let redacted = "";
  let copied = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let from = at;
    const first = Math.max(copied, at - MAX_LOCAL_LENGTH);
    while (from > first && LOCAL_CHARACTER.test(text.charAt(from - 1))) from--;
    DOMAIN.lastIndex = at + 1;
    if (from === at || !DOMAIN.test(text)) continue;
    redacted += text.slice(copied, from) + REDACTED;
    copied = DOMAIN.lastIndex;
  }
  return redacted + text.slice(copied);
}

const IP_ADDRESS = /[\da-f.:]{3,45}/gi;

function redactIpAddresses(text: string): string {
  return text.replace(IP_ADDRESS, (found) => {
    // A port after IPv4, or the end of a sentence.
    const address = found.replace(/(?:[.:]|:\d{1,5})$/, "");
    if (isIP(found) !== 0) return REDACTED;
    return isIP(address) === 0 ? found : REDACTED + found.slice(address.length);
  });
}
