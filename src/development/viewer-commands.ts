import { runSuppressed } from "../context/manager.ts";
import { HttpClient } from "../export/connection/http-client.ts";
import type { ViewerConnection } from "./viewer-connection.ts";

/** The time after which the viewer is asked again; it grows while the viewer does not answer. */
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** Longer than the viewer waits until it answers without a command. */
const TIMEOUT_MS = 40_000;

const NO_BODY = new Uint8Array();

export interface ViewerCommandsOptions {
  readonly connection: ViewerConnection;
  readonly service: string;
  /** Called with each command (`AgentCommand`). Must not throw. */
  readonly onCommand: (command: unknown) => void;
}

/**
 * Asks the viewer for commands, one request after the other, each of which it answers
 * with the next command. Keeps no process alive, and is not traced.
 */
export class ViewerCommands {
  readonly #options: ViewerCommandsOptions;
  #lastId = 0;
  #delayMs = FIRST_DELAY_MS;

  constructor(options: ViewerCommandsOptions) {
    this.#options = options;
  }

  start(): void {
    runSuppressed(() => void this.#ask());
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    const isAnswered = await this.#askOnce().catch(() => false);
    this.#delayMs = isAnswered ? FIRST_DELAY_MS : Math.min(this.#delayMs * 2, MAX_DELAY_MS);
    // Also after an answer: a viewer with too many apps answers at once.
    setTimeout(() => void this.#ask(), this.#delayMs).unref();
  }

  /** @returns whether the viewer has answered. */
  async #askOnce(): Promise<boolean> {
    const { connection, service, onCommand } = this.#options;
    const url = new URL("/agent/commands", connection.url);
    url.search = new URLSearchParams({
      service,
      pid: String(process.pid),
      after: String(this.#lastId),
    }).toString();
    const client = new HttpClient({
      url: url.href,
      method: "GET",
      headers: { connection: "close" },
    });
    const attempt = client.send(NO_BODY);
    const timer = setTimeout(() => attempt.abort("no answer"), TIMEOUT_MS).unref();
    const result = await attempt.response;
    clearTimeout(timer);
    if (result.kind === "failure" || result.status !== 200) return false;
    for (const command of commandsOf(result.body)) {
      this.#lastId = Math.max(this.#lastId, command.id);
      onCommand(command);
    }
    return true;
  }
}

function commandsOf(body: Uint8Array): readonly { readonly id: number }[] {
  const { commands } = JSON.parse(Buffer.from(body).toString("utf8")) as { commands?: unknown };
  if (!Array.isArray(commands)) return [];
  return (commands as { readonly id?: unknown }[]).filter(
    (command): command is { id: number } => typeof command?.id === "number",
  );
}
