/** Where Alertmanager sends messages. Secrets are in files of its host, and not in the options. */
export interface ReceiverOptions {
  readonly slack?: SlackReceiver;
  /** Gets critical alerts only. */
  readonly pagerduty?: { readonly keyFile: string };
  readonly email?: { readonly to: string };
  readonly webhook?: WebhookReceiver;
}

export interface SlackReceiver {
  /** With its `#`. */
  readonly channel: string;
  /** The file with the address of the webhook. */
  readonly urlFile: string;
}

export interface WebhookReceiver {
  readonly url: string;
  /** The file with a bearer token. */
  readonly tokenFile?: string;
}

/** The server that sends e-mails. */
export interface MailServer {
  /** `smtp.example.com:587`. */
  readonly smarthost: string;
  readonly from: string;
  readonly username?: string;
  readonly passwordFile?: string;
  /** Whether the connection has to be encrypted by STARTTLS. */
  readonly requiresTls: boolean;
}

/** When warnings wait. Critical alerts are always sent. */
export interface QuietHours {
  /** `HH:MM`, of each day. */
  readonly from: string;
  readonly to: string;
  /** Whether all of Saturday and Sunday is quiet. */
  readonly weekends: boolean;
  /** A name of the IANA database, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Routes and receivers of Alertmanager. */
export interface AlertmanagerOptions {
  /** Receivers of teams without their own. Empty: alerts are on the page of Alertmanager only. */
  readonly receivers: ReceiverOptions;
  readonly teams: ReadonlyMap<string, ReceiverOptions>;
  readonly mailServer?: MailServer;
  readonly quietHours?: QuietHours;
  /** An address that expects a request every few minutes, and raises an alert without one. */
  readonly heartbeatUrl?: string;
}

export const defaultAlertmanagerOptions: AlertmanagerOptions = { receivers: {}, teams: new Map() };
