import { SmtpReceiver } from "../../operations/receivers/smtp.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";
import { pollUntil } from "../../until.ts";
import { mailMessage, type Message, pagerDutyMessage, slackMessage } from "./message.ts";

/** Receivers of the messages of Alertmanager. */
export interface Receivers {
  readonly slack: Webhook;
  readonly pagerduty: Webhook;
  readonly mail: SmtpReceiver;
  /** All messages so far. */
  messages(): readonly Message[];
  /** Waits for a message of one of them. */
  waitFor(matches: (message: Message) => boolean, what: string): Promise<Message>;
  /** Forgets the messages. */
  clear(): void;
  close(): Promise<void>;
}

export async function startReceivers(): Promise<Receivers> {
  const [slack, pagerduty] = await Promise.all([Webhook.start(), Webhook.start()]);
  const mail = await SmtpReceiver.start();
  const messages = (): readonly Message[] => [
    ...slack.calls.map(slackMessage),
    ...pagerduty.calls.map(pagerDutyMessage),
    ...mail.mails.map(mailMessage),
  ];
  return {
    ...{ slack, pagerduty, mail, messages },
    waitFor(matches, what) {
      return pollUntil(
        () => Promise.resolve(messages().find(matches)),
        () => `${what}, among ${messages().map(titleOf).join(", ")}`,
      );
    },
    clear() {
      for (const one of [slack, pagerduty, mail]) one.clear();
    },
    async close() {
      await Promise.all([slack.close(), pagerduty.close(), mail.close()]);
    },
  };
}

function titleOf({ receiver, title }: Message): string {
  return `${receiver}: ${title}`;
}
