import { isIP } from "node:net";
import type { RedactionConfig } from "../config/config.ts";
import type { Secret } from "./kinds.ts";

/** Finds the addresses of mail and IP that the options name. */
export function findAddresses(
  text: string,
  { emailAddresses, ipAddresses }: Pick<RedactionConfig, "emailAddresses" | "ipAddresses">,
): Secret[] {
  return [
    ...(emailAddresses ? findEmailAddresses(text) : []),
    ...(ipAddresses ? findIpAddresses(text) : []),
  ];
}

/** A domain with at least one dot. */
const DOMAIN = /(?:[a-z\d-]{1,63}\.){1,8}[a-z]{2,63}/iy;
const LOCAL_CHARACTER = /[\w.+%'-]/;
const MAX_LOCAL_LENGTH = 64;

/** Looks for each `@` and from there in both directions, which takes linear time. */
function findEmailAddresses(text: string): Secret[] {
  const addresses: Secret[] = [];
  let end = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let from = at;
    const first = Math.max(end, at - MAX_LOCAL_LENGTH);
    while (from > first && LOCAL_CHARACTER.test(text.charAt(from - 1))) from--;
    DOMAIN.lastIndex = at + 1;
    if (from === at || !DOMAIN.test(text)) continue;
    end = DOMAIN.lastIndex;
    addresses.push({ kind: "email address", from, to: end });
  }
  return addresses;
}

const IP_ADDRESS = /[\da-f.:]{3,45}/gi;

function findIpAddresses(text: string): Secret[] {
  const addresses: Secret[] = [];
  for (const { 0: found, index } of text.matchAll(IP_ADDRESS)) {
    // A port after IPv4, or the end of a sentence.
    const address = isIP(found) === 0 ? found.replace(/(?:[.:]|:\d{1,5})$/, "") : found;
    if (isIP(address) === 0) continue;
    addresses.push({ kind: "ip address", from: index, to: index + address.length });
  }
  return addresses;
}
