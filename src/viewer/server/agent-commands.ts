import type { AgentCommand } from "../../development/agent-command.ts";

/** How long an app waits for a command before it asks again. */
const WAIT_MS = 25_000;

/** How long a command is kept for an app that asks later: one that is just restarted. */
const KEPT_MS = 60_000;

/** The number of apps that wait at the same time, and of commands that are kept. */
const MAX_WAITING = 128;
const MAX_COMMANDS = 100;

interface StoredCommand {
  readonly command: AgentCommand;
  readonly service: string | undefined;
  readonly at: number;
}

interface WaitingApp {
  readonly service: string;
  readonly after: number;
  readonly answer: (commands: readonly AgentCommand[]) => void;
}

/** The commands for the apps, which wait for them (long polling). */
export class AgentCommands {
  readonly #waiting = new Set<WaitingApp>();
  #commands: StoredCommand[] = [];
  /** Differs between two starts of the viewer, so that no app skips commands of the next one. */
  #lastId = Date.now();

  /** @returns the number of apps that get the command at once. */
  add(command: Omit<AgentCommand, "id">, service: string | undefined): number {
    const stored = { command: { ...command, id: ++this.#lastId }, service, at: Date.now() };
    this.#commands = [...this.#kept(), stored].slice(-MAX_COMMANDS);
    const asked = [...this.#waiting].filter((app) => isFor(stored, app));
    for (const app of asked) app.answer([stored.command]);
    return asked.length;
  }

  /**
   * Resolves with the commands for a service, as soon as there is one; with none after a
   * while, or if too many apps wait.
   *
   * @param after the id of the last command that the app has; 0 if it has none.
   * @param signal aborted when the app disconnects.
   */
  next(service: string, after: number, signal: AbortSignal): Promise<readonly AgentCommand[]> {
    const ready = this.#kept().filter((stored) => isFor(stored, { service, after }));
    if (ready.length > 0 || this.#waiting.size >= MAX_WAITING)
      return Promise.resolve(ready.map(({ command }) => command));
    return new Promise((resolve) => {
      const app: WaitingApp = {
        service,
        after,
        answer: (commands) => {
          clearTimeout(timer);
          this.#waiting.delete(app);
          resolve(commands);
        },
      };
      const timer = setTimeout(() => app.answer([]), WAIT_MS).unref();
      this.#waiting.add(app);
      signal.addEventListener("abort", () => app.answer([]), { once: true });
    });
  }

  #kept(): StoredCommand[] {
    const since = Date.now() - KEPT_MS;
    return this.#commands.filter(({ at }) => at >= since);
  }
}

function isFor(
  { command, service }: StoredCommand,
  app: Pick<WaitingApp, "service" | "after">,
): boolean {
  return (service === undefined || service === app.service) && command.id > app.after;
}
