/** The services and requests of `telltale demo`, such as the demo shop (`examples/shop/scenario.ts`). */
export interface Scenario {
  start(environment: DemoEnvironment): Promise<RunningScenario>;
}

export interface DemoEnvironment {
  /** Node's flags for the preload. */
  readonly preload: readonly string[];
  /** Returns the environment variables of a service: export address and intervals. */
  readonly variablesFor: (service: string) => Promise<NodeJS.ProcessEnv>;
  /** Prints progress. */
  readonly log: (text: string) => void;
}

export interface RunningScenario {
  readonly services: readonly ServiceAddress[];
  /** Sends a limited number of requests. Resolves with the last one that failed. */
  sendTraffic(): Promise<FailedRequest>;
  stop(): Promise<void>;
}

export interface ServiceAddress {
  readonly name: string;
  /** URL of a page to open in a browser. */
  readonly page: string | undefined;
  /** URL of the admin server, with `/metrics` and `/healthz`. */
  readonly adminUrl: string;
}

export interface FailedRequest {
  /** Description of the request: `POST /api/orders (CHF)`. */
  readonly title: string;
  readonly requestId: string;
  readonly sent: number;
  readonly failed: number;
}
