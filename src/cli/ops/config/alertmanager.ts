import {
  type AlertmanagerOptions,
  defaultAlertmanagerOptions,
  type MailServer,
  type QuietHours,
  type ReceiverOptions,
} from "../../../ops/options/receiver-options.ts";
import { NAME, type TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { isTimeZone } from "../../option-values/time-zone.ts";
import { pathOnHostOf, URL } from "./text-rules.ts";

const CHANNEL: TextRule = { pattern: /^#[\w-]{1,80}$/, expected: "a channel such as #alerts" };
const PATH = pathOnHostOf("Alertmanager");
const ADDRESS: TextRule = {
  pattern: /^[^\s@,<>"]{1,64}@[\w.-]{1,200}$/,
  expected: "an e-mail address",
};
const ADDRESSES: TextRule = {
  pattern: /^[^\s@,<>"]{1,64}@[\w.-]{1,200}(?:, ?[^\s@,<>"]{1,64}@[\w.-]{1,200}){0,9}$/,
  expected: "at most ten e-mail addresses, with commas between them",
};
const SMARTHOST: TextRule = {
  pattern: /^[\w.-]{1,200}:\d{1,5}$/,
  expected: "host and port, such as smtp.example.com:587",
};
const TIME: TextRule = {
  pattern: /^(?:[01]\d|2[0-3]):[0-5]\d$/,
  expected: "a time from 00:00 to 23:59, in quotes",
};
const TIME_ZONE: TextRule = {
  pattern: /^[A-Za-z][\w+-]*(?:\/[\w+-]+){0,2}$/,
  expected: "a time zone such as Europe/Berlin",
};

/** Reads `alertmanager`. */
export function readAlertmanagerOptions(section: YamlMap | undefined): AlertmanagerOptions {
  if (section === undefined) return defaultAlertmanagerOptions;
  const mailServer = readMailServer(section.map("mail_server"));
  const receivers = readReceivers(section.map("receivers"), mailServer);
  const teams = section.map("teams");
  const byTeam = new Map<string, ReceiverOptions>();
  for (const name of teams?.keys ?? []) {
    if (!NAME.pattern.test(name)) teams?.problem(name, `expected ${NAME.expected}`);
    byTeam.set(name, readReceivers(teams?.map(name), mailServer));
  }
  const quietHours = readQuietHours(section.map("quiet_hours"));
  const heartbeatUrl = section.text("heartbeat_url", URL);
  section.end();
  return {
    ...{ receivers, teams: byTeam },
    ...(mailServer !== undefined && { mailServer }),
    ...(quietHours !== undefined && { quietHours }),
    ...(heartbeatUrl !== undefined && { heartbeatUrl }),
  };
}

function readReceivers(
  map: YamlMap | undefined,
  mailServer: MailServer | undefined,
): ReceiverOptions {
  if (map === undefined) return {};
  const slack = readSlack(map.map("slack"));
  const pagerduty = readPagerDuty(map.map("pagerduty"));
  const to = map.text("email", ADDRESSES);
  if (to !== undefined && mailServer === undefined)
    map.problem("email", "expected alertmanager.mail_server, too, which sends the e-mails");
  const webhook = readWebhook(map.map("webhook"));
  map.end();
  return {
    ...(slack !== undefined && { slack }),
    ...(pagerduty !== undefined && { pagerduty }),
    ...(to !== undefined && { email: { to } }),
    ...(webhook !== undefined && { webhook }),
  };
}

function readSlack(map: YamlMap | undefined): ReceiverOptions["slack"] {
  if (map === undefined) return undefined;
  const channel = map.required("channel", CHANNEL);
  const urlFile = map.required("url_file", PATH);
  map.end();
  return channel === undefined || urlFile === undefined ? undefined : { channel, urlFile };
}

function readPagerDuty(map: YamlMap | undefined): ReceiverOptions["pagerduty"] {
  if (map === undefined) return undefined;
  const keyFile = map.required("key_file", PATH);
  map.end();
  return keyFile === undefined ? undefined : { keyFile };
}

function readWebhook(map: YamlMap | undefined): ReceiverOptions["webhook"] {
  if (map === undefined) return undefined;
  const url = map.required("url", URL);
  const tokenFile = map.text("token_file", PATH);
  map.end();
  return url === undefined ? undefined : { url, ...(tokenFile !== undefined && { tokenFile }) };
}

function readMailServer(map: YamlMap | undefined): MailServer | undefined {
  if (map === undefined) return undefined;
  const smarthost = map.required("smarthost", SMARTHOST);
  const from = map.required("from", ADDRESS);
  const username = map.text("username", { pattern: /^[^\p{C}]{1,200}$/u, expected: "a name" });
  const passwordFile = map.text("password_file", PATH);
  if (username !== undefined && passwordFile === undefined)
    map.problem("password_file", `is missing, expected ${PATH.expected}`);
  const requiresTls = map.has("require_tls") ? map.flag("require_tls") : true;
  map.end();
  if (smarthost === undefined || from === undefined) return undefined;
  return {
    ...{ smarthost, from, requiresTls },
    ...(username !== undefined && { username }),
    ...(passwordFile !== undefined && { passwordFile }),
  };
}

function readQuietHours(map: YamlMap | undefined): QuietHours | undefined {
  if (map === undefined) return undefined;
  const from = map.required("from", TIME);
  const to = map.required("to", TIME);
  const weekends = map.flag("weekends");
  const timeZone = map.text("time_zone", TIME_ZONE) ?? "UTC";
  if (!isTimeZone(timeZone)) map.problem("time_zone", "there is no such time zone");
  if (from !== undefined && from === to) map.problem("to", "expected another time than from");
  map.end();
  return from === undefined || to === undefined ? undefined : { from, to, weekends, timeZone };
}
