import { stat } from "node:fs/promises";
import { environmentOf, inheritedEnvironment } from "../../env.ts";
import { freePort } from "../child-process.ts";
import { type AppProcess, appVariables, startApp } from "./app-process.ts";
import { BenchError, type Endpoint } from "./endpoint.ts";
import type { MeasuredApp } from "./measurement.ts";
import type { BenchOptions } from "./options.ts";
import { countsPageOf } from "./request-counts.ts";

/** The apps of a measurement: the one that is measured, and with `--against` the other one before it. */
export class MeasuredApps {
  readonly #options: BenchOptions;
  readonly #signal: AbortSignal;
  readonly #started: AppProcess[] = [];

  /** @param signal ends the wait until they listen. */
  constructor(options: BenchOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /**
   * Starts those that a command starts.
   *
   * @throws BenchError if one does not listen, or something else listens at its address.
   */
  async start(): Promise<readonly MeasuredApp[]> {
    const { against, endpoints, baseUrl } = this.#options;
    const other = against === undefined ? [] : [await this.#startOther(against)];
    return [...other, await this.#startApp({ endpoints, baseUrl }, {})];
  }

  /** Why an app that was started has ended, with its last lines; undefined: none has. */
  failure(): string | undefined {
    const ended = this.#started.find((app) => app.failure() !== undefined);
    return ended && [ended.failure(), ...ended.output()].join("\n  ");
  }

  /** The last lines of the app that is measured. */
  output(): readonly string[] {
    return this.#started.at(-1)?.output() ?? [];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((app) => app.stop()));
  }

  async #startOther(against: string): Promise<MeasuredApp> {
    const { endpoints, baseUrl } = this.#options;
    if (/^https?:/.test(against)) {
      const { origin } = new URL(against);
      return this.#startApp(moved(endpoints, baseUrl, origin), { isRunning: true });
    }
    await refuseOtherThanFolder(against);
    const port = String(await freePort());
    const { protocol, hostname } = new URL(endpoints[0]?.url ?? "");
    const app = moved(endpoints, baseUrl, `${protocol}//${hostname}:${port}`);
    return this.#startApp(app, { cwd: against, port, reservedUrl: endpoints[0]?.url });
  }

  async #startApp(
    app: Pick<MeasuredApp, "endpoints" | "baseUrl">,
    { cwd, port, reservedUrl, isRunning }: StartOptions,
  ): Promise<MeasuredApp> {
    const { command } = this.#options;
    const inherited = inheritedEnvironment();
    const isStarted = command.length > 0 && isRunning !== true;
    if (!isStarted) return { ...app, countsPage: countsPageOf(environmentOf(inherited)) };
    const own = appVariables(inherited, await freePort());
    const variables = port === undefined ? own : { ...own, PORT: port };
    const url = app.endpoints[0]?.url ?? "";
    const places = { url, reservedUrl, cwd };
    this.#started.push(await startApp({ command, variables, ...places, signal: this.#signal }));
    return { ...app, countsPage: countsPageOf(environmentOf(variables)) };
  }
}

interface StartOptions {
  readonly cwd?: string;
  /** The value of `PORT`. */
  readonly port?: string;
  /** Where it must not listen. */
  readonly reservedUrl?: string | undefined;
  readonly isRunning?: boolean;
}

/** Returns the same endpoints at another address. */
function moved(
  endpoints: readonly Endpoint[],
  baseUrl: string | undefined,
  origin: string,
): Pick<MeasuredApp, "endpoints" | "baseUrl"> {
  return {
    endpoints: endpoints.map((endpoint) => {
      const { pathname, search } = new URL(endpoint.url);
      return { ...endpoint, url: `${origin}${pathname}${search}` };
    }),
    baseUrl: baseUrl === undefined ? undefined : origin,
  };
}

async function refuseOtherThanFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new BenchError(
    `--against: there is no folder ${path}; expected another checkout of the app, such as that of git worktree add, or an address`,
  );
}
