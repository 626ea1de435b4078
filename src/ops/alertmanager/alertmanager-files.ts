import { stringify } from "yaml";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { type InhibitRule, inhibitRules, nameMatcher } from "./inhibition.ts";
import { type Receiver, receiversOf, teamsOf } from "./receivers.ts";
import { HEARTBEAT, NONE, quietIntervals, rootRoute } from "./routes.ts";
import { templateText } from "./templates.ts";

/** Returns the configuration of Alertmanager, and the texts of its messages. */
export function alertmanagerFiles(options: OpsOptions): readonly OutputFile[] {
  return [
    {
      path: "alertmanager/alertmanager.yaml",
      text: configuration(options, "For Alertmanager 0.25 and newer.", false),
    },
    {
      path: "alertmanager/alertmanager-0.30.yaml",
      text: configuration(
        options,
        "The same for Alertmanager 0.30 and newer: inhibit rules have names, and e-mails of one group are a thread.",
        true,
      ),
    },
    { path: "alertmanager/templates/telltale.tmpl", text: templateText },
  ];
}

function configuration(options: OpsOptions, comment: string, isNewer: boolean): string {
  const { quietHours } = options.alertmanager;
  const sections: readonly (readonly [comment: string, content: object])[] = [
    ["", { global: globalOf(options) }],
    ["Texts of messages, beside this file.", { templates: ["templates/*.tmpl"] }],
    [
      "Critical alerts are sent at once and each hour, warnings once a day, info once.",
      { route: rootRoute(options) },
    ],
    ...(quietHours === undefined
      ? []
      : ([
          [
            "Warnings wait in this time. Critical alerts don't.",
            { time_intervals: quietIntervals(quietHours) },
          ],
        ] as const)),
    [
      "While an alert of the first list fires, the other one is not sent: it has the same cause.",
      { inhibit_rules: inhibitRules(options).map((rule) => inhibition(rule, isNewer)) },
    ],
    ["", { receivers: allReceivers(options, isNewer) }],
  ];
  const texts = sections.map(
    ([reason, content]) =>
      `${reason === "" ? "" : `# ${reason}\n`}${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`,
  );
  return `# Routes and receivers. Written by telltale ops. ${comment}\n\n${texts.join("\n")}`;
}

function globalOf({ alertmanager }: OpsOptions): object {
  const server = alertmanager.mailServer;
  return {
    resolve_timeout: "5m",
    ...(server && {
      smtp_smarthost: server.smarthost,
      smtp_from: server.from,
      ...(server.username !== undefined && { smtp_auth_username: server.username }),
      ...(server.passwordFile !== undefined && { smtp_auth_password_file: server.passwordFile }),
      smtp_require_tls: server.requiresTls,
    }),
  };
}

function inhibition({ sources, target, equal }: InhibitRule, isNewer: boolean): object {
  return {
    ...(isNewer && { name: target }),
    source_matchers: [nameMatcher(sources)],
    target_matchers: [nameMatcher([target])],
    equal,
  };
}

function allReceivers(options: OpsOptions, isNewer: boolean): readonly Receiver[] {
  const { heartbeatUrl } = options.alertmanager;
  const heartbeat = { url: heartbeatUrl, send_resolved: false };
  const receivers = [
    { name: NONE },
    ...(heartbeatUrl === undefined ? [] : [{ name: HEARTBEAT, webhook_configs: [heartbeat] }]),
    ...teamsOf(options).flatMap(receiversOf),
  ];
  return isNewer ? receivers.map(withThreads) : receivers;
}

/** E-mails of one group are a thread. */
function withThreads(receiver: Receiver): Receiver {
  const mails = receiver["email_configs"];
  if (mails === undefined) return receiver;
  return {
    ...receiver,
    email_configs: mails.map((mail) => ({
      ...mail,
      threading: { enabled: true, thread_by_date: "daily" },
    })),
  };
}
