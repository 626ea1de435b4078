import type { OpsOptions } from "../options/ops-options.ts";
import type { ReceiverOptions } from "../options/receiver-options.ts";

/** A receiver of Alertmanager, as its configuration has it. */
export interface Receiver {
  readonly name: string;
  readonly [integration: `${string}_configs`]: readonly object[];
}

/** How urgent messages of a route are. */
export type Urgency = "critical" | "warning" | "info";

/** The receivers of a team, or of all teams without their own. */
export interface Team {
  /** Undefined: all others. */
  readonly name: string | undefined;
  readonly receivers: ReceiverOptions;
}

/** Returns the teams with receivers of their own, and last the rest. */
export function teamsOf({ alertmanager }: OpsOptions): readonly Team[] {
  const { teams, receivers } = alertmanager;
  return [
    ...[...teams].map(([name, own]) => ({ name, receivers: own })),
    { name: undefined, receivers },
  ];
}

/** Returns the name of the receiver of a team. */
export function receiverName({ name }: Team, urgency: Urgency): string {
  return `${name ?? "default"}-${urgency}`;
}

/** Returns the receivers of a team, one for each urgency: PagerDuty wakes people, for critical alerts only. */
export function receiversOf(team: Team): readonly Receiver[] {
  return (["critical", "warning", "info"] as const).map((urgency) => ({
    name: receiverName(team, urgency),
    ...integrationsOf(team.receivers, urgency),
  }));
}

function integrationsOf(
  { slack, pagerduty, email, webhook }: ReceiverOptions,
  urgency: Urgency,
): Omit<Receiver, "name"> {
  return {
    ...(pagerduty && urgency === "critical" && { pagerduty_configs: [pagerDuty(pagerduty)] }),
    ...(slack && { slack_configs: [slackMessage(slack, urgency)] }),
    ...(email && { email_configs: [mail(email, urgency)] }),
    ...(webhook && { webhook_configs: [webhookCall(webhook, urgency)] }),
  };
}

/** A resolved message of something that was only information would be noise. */
function sendsResolved(urgency: Urgency): boolean {
  return urgency !== "info";
}

function slackMessage(
  { channel, urlFile }: NonNullable<ReceiverOptions["slack"]>,
  urgency: Urgency,
): object {
  return {
    api_url_file: urlFile,
    channel,
    send_resolved: sendsResolved(urgency),
    color: '{{ template "telltale.color" . }}',
    title: '{{ template "telltale.title" . }}',
    title_link: '{{ template "telltale.link" . }}',
    text: '{{ template "telltale.slack" . }}',
    fallback: '{{ template "telltale.title" . }}',
    footer: "telltale",
  };
}

function pagerDuty({ keyFile }: NonNullable<ReceiverOptions["pagerduty"]>): object {
  return {
    routing_key_file: keyFile,
    send_resolved: true,
    severity: "critical",
    class: "{{ .CommonLabels.alertname }}",
    component: "{{ .CommonLabels.service }}",
    group: "{{ .CommonLabels.team }}",
    client: "Alertmanager",
    client_url: "{{ .ExternalURL }}",
    description: '{{ template "telltale.title" . }}: {{ .CommonAnnotations.summary }}',
    details: { alerts: '{{ template "telltale.text" . }}' },
    links: [
      { href: '{{ template "telltale.link" . }}', text: "Runbook, or the alerts" },
      { href: '{{ template "telltale.silence" . }}', text: "Silence" },
    ],
  };
}

function mail({ to }: NonNullable<ReceiverOptions["email"]>, urgency: Urgency): object {
  return {
    to,
    send_resolved: sendsResolved(urgency),
    headers: { Subject: '{{ template "telltale.title" . }}' },
    html: '{{ template "telltale.html" . }}',
    text: '{{ template "telltale.text" . }}',
  };
}

function webhookCall(
  { url, tokenFile }: NonNullable<ReceiverOptions["webhook"]>,
  urgency: Urgency,
): object {
  const authorization = { authorization: { credentials_file: tokenFile } };
  return {
    url,
    send_resolved: sendsResolved(urgency),
    ...(tokenFile !== undefined && { http_config: authorization }),
  };
}
