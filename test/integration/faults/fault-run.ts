import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "../../free-port.ts";
import { pollUntil } from "../../until.ts";
import type { ProgramResult } from "../program.ts";
import { type Cell, EVENTS, type Fault, LOGS, type Preparation, round, SPANS } from "./fault.ts";
import {
  certificates,
  healthy,
  healthyTls,
  type Peer,
  type Post,
  type Signal,
  signals,
  type StartPeer,
} from "./peers.ts";
import { type Account, type Accounts, Service } from "./service.ts";

/** What happened to one signal. */
export interface Observation {
  readonly account: Account;
  /** The account after the fault. */
  readonly finalAccount: Account;
  /** Number of items that the receivers have accepted when `account` and `finalAccount` were read. */
  readonly accepted: number;
  readonly finallyAccepted: number;
  /** The same when the process had ended. */
  readonly acceptedAtEnd: number;
  readonly posts: readonly Post[];
  readonly connections: number;
  /** The lines on stderr about the receiver of this signal, without "telltale: ". */
  readonly lines: readonly string[];
}

export interface FaultResult {
  readonly signals: Readonly<Record<Signal, Observation>>;
  readonly ended: ProgramResult;
  /** Lines on stderr that belong to no signal. */
  readonly otherLines: readonly string[];
  /** Responses of the app other than 200. */
  readonly failures: readonly string[];
}

/** Time limit of one export, and interval of metrics, in milliseconds. */
const EXPORT_TIMEOUT_MS = 6_000;

/** Time between two looks at the accounts. Each takes time of the process under test. */
const POLL_MS = 150;

/** Longer than all attempts of an event, on a busy host. */
const WAIT_MS = Number(process.env["FAULT_WAIT"] ?? 90_000);

/**
 * Runs a process under a fault, ends the fault, and ends the process. Each signal has
 * a receiver of its own.
 *
 * @returns undefined if the fault can't be caused on this host.
 */
export async function runFault(fault: Fault): Promise<FaultResult | undefined> {
  const preparation = fault.prepare === undefined ? {} : await fault.prepare();
  if (preparation === undefined) return undefined;
  const run = new FaultRun(fault, preparation, await freePorts(signals.length));
  try {
    return await run.result();
  } finally {
    await run.clean();
  }
}

class FaultRun {
  readonly #fault: Fault;
  readonly #preparation: Preparation;
  readonly #ports: Readonly<Record<Signal, number>>;
  readonly #peers = new Map<Signal, Peer>();
  /** The peers that were replaced. */
  readonly #past = new Map<Signal, Peer>();
  readonly #folder = mkdtempSync(join(tmpdir(), "telltale-faults-"));

  constructor(fault: Fault, preparation: Preparation, ports: readonly number[]) {
    this.#fault = fault;
    this.#preparation = preparation;
    this.#ports = perSignal((_, index) => ports[index] ?? 0);
  }

  async result(): Promise<FaultResult> {
    const { peer = this.#healthyPeer, work = round, end, isShort, isPermanent } = this.#fault;
    await this.#startPeers(peer);
    const service = await Service.start(this.#serviceOptions());
    await work(service, this.#preparation);
    if (isShort === true) {
      await pollUntil(async () => service.stderr.includes("\n") || undefined, "a failure", WAIT_MS);
      await this.#heal();
    }
    const accounts = await this.#waitForResults(service);
    const accepted = perSignal((signal) => this.#accepted(signal));
    const posts = perSignal((signal) => [...(this.#peers.get(signal)?.posts ?? [])]);
    const connections = perSignal((signal) => this.#peers.get(signal)?.connections ?? 0);
    if (isPermanent !== true && isShort !== true) await this.#heal();
    await end?.(service, this.#preparation);
    await round(service);
    const finalAccounts = await this.#waitForFinalResults(service, accounts);
    const finallyAccepted = perSignal((signal) => this.#accepted(signal));
    const ended = await service.end();
    await this.#waitUntilDelivered(finalAccounts);
    const lines = ended.stderr.split("\n").filter((line) => line !== "");
    return {
      ended,
      failures: service.failures,
      otherLines: lines.filter((line) => signals.every((signal) => !this.#isAbout(signal, line))),
      signals: perSignal((signal) => ({
        account: accounts[signal],
        finalAccount: finalAccounts[signal],
        accepted: accepted[signal],
        finallyAccepted: finallyAccepted[signal],
        acceptedAtEnd: this.#accepted(signal),
        posts: posts[signal],
        connections: connections[signal],
        lines: lines
          .filter((line) => this.#isAbout(signal, line))
          .map((line) => line.replace(/^telltale: /, "")),
      })),
    };
  }

  async clean(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
    await this.#preparation.clean?.();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #healthyPeer(): StartPeer {
    return this.#fault.isTls === true ? healthyTls : healthy;
  }

  async #startPeers(start: StartPeer): Promise<void> {
    const started = signals.map(async (signal) => {
      this.#peers.set(signal, await start(this.#ports[signal], signal));
    });
    await Promise.all(started);
  }

  async #heal(): Promise<void> {
    if (this.#fault.peer === undefined) return;
    for (const [signal, peer] of this.#peers) {
      this.#past.set(signal, peer);
      await peer.close();
    }
    this.#peers.clear();
    await this.#startPeers(this.#healthyPeer);
  }

  #accepted(signal: Signal): number {
    return (this.#peers.get(signal)?.accepted ?? 0) + (this.#past.get(signal)?.accepted ?? 0);
  }

  #serviceOptions(): Parameters<typeof Service.start>[0] {
    const { env, flags, launcher, cwd } = this.#preparation;
    return {
      flags,
      launcher,
      cwd,
      env: { ...this.#telemetryEnv(), ...this.#fault.env, ...env },
    };
  }

  #telemetryEnv(): Record<string, string> {
    const { host = "127.0.0.1", isTls } = this.#fault;
    const scheme = isTls === true ? "https" : "http";
    const { traces, metrics, logs, errors } = this.#ports;
    return {
      // Each path has the port, so that a peer knows its requests.
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${scheme}://${host}:${traces}/${traces}/v1/traces`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${scheme}://${host}:${metrics}/${metrics}/v1/metrics`,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${scheme}://${host}:${logs}/${logs}/v1/logs`,
      SENTRY_DSN: `${scheme}://key@${host}:${errors}/${errors}`,
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_TIMEOUT_MS),
      OTEL_EXPORTER_OTLP_TIMEOUT: String(EXPORT_TIMEOUT_MS),
      // The items of a round are one batch, which is sent when it is full.
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(SPANS),
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: String(LOGS),
      OTEL_BSP_SCHEDULE_DELAY: "3600000",
      OTEL_BLRP_SCHEDULE_DELAY: "3600000",
      TELLTALE_FLUSH_TIMEOUT: "20000",
      TELLTALE_REPEATED_ERRORS: "0",
      TELLTALE_SLOW_REQUEST_MS: "0",
      TELLTALE_EVENT_LOOP_STALL_MS: "0",
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
      ...(isTls === true && this.#trustEnv()),
    };
  }

  /** The app trusts the authority of the certificates. */
  #trustEnv(): Record<string, string> {
    const ca = join(this.#folder, "ca.pem");
    writeFileSync(ca, certificates().ca);
    return { OTEL_EXPORTER_OTLP_CERTIFICATE: ca, NODE_EXTRA_CA_CERTS: ca };
  }

  /** Polls until each signal has the result of its cell. */
  async #waitForResults(service: Service): Promise<Accounts> {
    const { cells, created = { traces: SPANS, logs: LOGS, errors: EVENTS } } = this.#fault;
    return this.#waitFor(service, (accounts) =>
      signals.every((signal) =>
        hasResult(cells[signal], {
          account: accounts[signal],
          created: signal === "metrics" ? undefined : created[signal],
          accepted: this.#accepted(signal),
          isReported: this.#isAbout(signal, service.stderr),
        }),
      ),
    );
  }

  /** Polls until each signal has the result of the round after the fault. */
  async #waitForFinalResults(service: Service, before: Accounts): Promise<Accounts> {
    const sizes = { traces: SPANS, logs: LOGS, errors: EVENTS, metrics: 1 };
    return this.#waitFor(service, (accounts) =>
      signals.every((signal) => {
        const { afterwards = "sent" } = this.#fault.cells[signal];
        const [old, now] = [before[signal], accounts[signal]];
        if (now.sent !== this.#accepted(signal)) return false;
        if (afterwards === "queued") return signal === "metrics" || now.queued >= sizes[signal];
        if (signal !== "metrics" && now.queued > 0) return false;
        return afterwards === "dropped"
          ? now.dropped >= old.dropped + sizes[signal]
          : now.sent >= old.sent + sizes[signal];
      }),
    );
  }

  async #waitFor(service: Service, isExpected: (accounts: Accounts) => boolean): Promise<Accounts> {
    let latest: Accounts | undefined;
    const describe = (): string =>
      `the accounts of the fault: ${this.#fault.title}; ${JSON.stringify(latest)}, accepted ${JSON.stringify(perSignal((signal) => this.#accepted(signal)))}; ${service.stderr}`;
    return pollUntil(
      async () => {
        await delay(POLL_MS);
        latest = await service.accounts();
        return isExpected(latest) ? latest : undefined;
      },
      describe,
      WAIT_MS,
    );
  }

  /** Requests that the process has sent before its end may be read after it. */
  async #waitUntilDelivered(accounts: Accounts): Promise<void> {
    const { cells } = this.#fault;
    const isDelivered = (signal: Signal): boolean => {
      const { afterwards = "sent" } = cells[signal];
      const { created, dropped } = accounts[signal];
      return signal === "metrics" || afterwards === "dropped"
        ? true
        : this.#accepted(signal) >= created - dropped;
    };
    await pollUntil(
      async () => signals.every(isDelivered) || undefined,
      `what was sent at the end, under the fault: ${this.#fault.title}`,
      WAIT_MS,
    );
  }

  #isAbout(signal: Signal, line: string): boolean {
    return line.includes(`:${this.#ports[signal]}`) || line.includes(`of ${itemsOf[signal]} `);
  }
}

/** How lines on stderr name the queue of a signal. */
const itemsOf: Readonly<Record<Signal, string>> = {
  traces: "spans",
  metrics: "data points",
  logs: "log records",
  errors: "Sentry events",
};

interface State {
  readonly account: Account;
  /** Undefined for metrics, which are collected again and again. */
  readonly created: number | undefined;
  readonly accepted: number;
  /** Whether stderr has a line about the receiver. */
  readonly isReported: boolean;
}

function hasResult(cell: Cell, { account, created, accepted, isReported }: State): boolean {
  const { result, reason = "failed", count } = cell;
  const dropped = account.reasons?.[reason] ?? 0;
  // Booked when the answer has arrived, and accepted before.
  if (account.sent !== accepted) return false;
  if (created === undefined) return result === "dropped" ? dropped > 0 : account.sent > 0;
  if (account.created < created) return false;
  // The end of the fault would be another failure than that of the first attempt.
  if (result === "queued") return isReported && account.queued >= created;
  if (account.queued > 0) return false;
  if (count === "some") return dropped > 0 && account.sent > 0;
  if (count !== undefined) return dropped === count;
  return result === "dropped" ? dropped >= created : account.sent >= created;
}

function perSignal<T>(of: (signal: Signal, index: number) => T): Record<Signal, T> {
  return Object.fromEntries(signals.map((signal, index) => [signal, of(signal, index)])) as Record<
    Signal,
    T
  >;
}
