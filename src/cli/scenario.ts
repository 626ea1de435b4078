/**
 * What `telltale demo` runs and what it needs of it. The shop of this
 * repository is one (`examples/shop/scenario.ts`).
 */
export interface Scenario {
  start(environment: DemoEnvironment): Promise<RunningScenario>;
}

export interface DemoEnvironment {
  /** Node's options that preload telltale. */
  readonly preload: readonly string[];
  /** Variables for a service of this name: where to export to, and how soon. */
  readonly variablesFor: (service: string) => Promise<NodeJS.ProcessEnv>;
  /** Says to the person who watches what is going on. */
  readonly log: (text: string) => void;
}

export interface RunningScenario {
  readonly services: readonly ServiceAddress[];
  /** Sends a bounded stream of real requests; resolves with the last one that failed. */
  sendTraffic(): Promise<FailedRequest>;
  stop(): Promise<void>;
}

export interface ServiceAddress {
  readonly name: string;
  /** A page of it that a person may open; undefined: none. */
  readonly page: string | undefined;
  /** Of the admin server: `/metrics`, `/healthz`. */
  readonly adminUrl: string;
}

export interface FailedRequest {
  /** What was asked for, for people: `POST /api/orders (CHF)`. */
  readonly title: string;
  readonly requestId: string;
  readonly sent: number;
  readonly failed: number;
}
