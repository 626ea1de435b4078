import { maskAddress, quote } from "../../config/mask.ts";
import { decodeText } from "../../secrets.ts";
import { textOf } from "../alerts/alert-options.ts";
import type { CommandArguments, OptionKinds } from "../arguments.ts";
import { readSecret } from "../option-values/secret-file.ts";
import { type MailAddress, parseMailAddress } from "./mail-message.ts";
import type { SmtpTarget } from "./smtp-client.ts";

/*
 * Options of commands that send e-mails. Each function adds what is wrong to `problems`,
 * without passwords.
 */

/** The options, for `parseArguments`. */
export const mailOptionKinds: OptionKinds = {
  "mail-to": "texts",
  "mail-from": "text",
  smtp: "text",
  "smtp-password-file": "text",
  "smtp-plaintext": "flag",
};

/** Sender and recipients of an e-mail. */
export interface MailParties {
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
}

/** What is missing is undefined, and among the problems if another option needs it. */
export interface MailOptions {
  readonly mail: MailParties | undefined;
  readonly smtp: SmtpTarget | undefined;
}

/**
 * Reads the options of e-mails, which are sent if there is `--mail-to`.
 *
 * @param alternative what the command can do without `--smtp`, for the problem.
 */
export function readMailOptions(
  parsed: CommandArguments,
  problems: string[],
  alternative = "",
): MailOptions {
  const smtp = readSmtp(parsed, problems);
  if (parsed.texts.has("mail-to")) {
    if (!parsed.texts.has("smtp"))
      problems.push(`--smtp is missing, such as smtp://reports@mail.example${alternative}`);
    return { mail: readParties(parsed, smtp, problems), smtp };
  }
  for (const option of ["mail-from", "smtp"])
    if (parsed.texts.has(option)) problems.push(`--${option} needs --mail-to`);
  return { mail: undefined, smtp: undefined };
}

const ADDRESS_EXPECTED = "an address such as team@shop.example, or Team <team@shop.example>";

/** Reads sender and recipients. The sender is by default the user of the server. */
export function readParties(
  parsed: CommandArguments,
  smtp: SmtpTarget | undefined,
  problems: string[],
): MailParties | undefined {
  const read = (option: string, text: string): MailAddress | undefined => {
    const address = parseMailAddress(text);
    if (address === undefined)
      problems.push(`--${option}: received ${quote(text)}, expected ${ADDRESS_EXPECTED}`);
    return address;
  };
  const to = (parsed.texts.get("mail-to") ?? []).flatMap((text) => read("mail-to", text) ?? []);
  if (!parsed.texts.has("mail-to")) problems.push("--mail-to is missing");
  const text = textOf(parsed, "mail-from");
  const from =
    text === undefined ? parseMailAddress(smtp?.credentials?.user ?? "") : read("mail-from", text);
  if (from === undefined && text === undefined) problems.push("--mail-from is missing");
  return from && { from, to };
}

const SMTP_EXPECTED = "a URL such as smtp://user@mail.example:587, or smtps://";

/** Reads the mail server, and the password of its user. */
export function readSmtp(parsed: CommandArguments, problems: string[]): SmtpTarget | undefined {
  const text = textOf(parsed, "smtp");
  const file = readSecret("smtp-password-file", parsed, problems);
  if (text === undefined) {
    for (const option of ["smtp-password-file", "smtp-plaintext"])
      if (parsed.texts.has(option) || parsed.flags.has(option))
        problems.push(`--${option} needs --smtp`);
    return undefined;
  }
  const url = parseSmtpUrl(text);
  if (url === undefined) {
    problems.push(`--smtp: received ${quote(maskAddress(text))}, expected ${SMTP_EXPECTED}`);
    return undefined;
  }
  const [user, inUrl] = [decodeText(url.username), decodeText(url.password)];
  const password = inUrl === "" ? file : inUrl;
  if (file !== undefined && (user === "" || inUrl !== ""))
    problems.push("--smtp-password-file needs a user without a password in --smtp");
  if (user !== "" && password === undefined && !parsed.texts.has("smtp-password-file"))
    problems.push("--smtp has a user: pass --smtp-password-file");
  const implicitTls = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (implicitTls ? 465 : 587) : Number(url.port),
    implicitTls,
    allowsPlaintext: parsed.flags.has("smtp-plaintext"),
    credentials: user === "" || password === undefined ? undefined : { user, password },
  };
}

function parseSmtpUrl(text: string): URL | undefined {
  if (!/^smtps?:\/\/[^/?#\s\p{Cc}]+\/?$/u.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === "" ? undefined : url;
}
