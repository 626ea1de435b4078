import { now } from "../../clock.ts";
import type { ArrivingWork } from "../../context/unit-views.ts";
import type { ProfileKind } from "../../profiling/recording.ts";

/** A command of the viewer: record the next request of a route, or the next job of a name. */
export interface ProfileCommand {
  readonly kind: ProfileKind;
  /** As the viewer names it: `GET /orders/:id`; undefined for the next request of any route. */
  readonly name: string | undefined;
}

/** A command is forgotten after so long a time without such a request. */
const EXPIRES_AFTER_MS = 10 * 60_000;
const MAX_COMMANDS = 20;
/** Requests whose path fits, and which then had another route. */
const MAX_ATTEMPTS = 20;

interface PendingCommand extends ProfileCommand {
  readonly expiresAt: number;
  attempts: number;
}

/** Returns a command as it was received; undefined if it is none. */
export function profileCommandOf(value: unknown): ProfileCommand | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, name } = value as Readonly<Record<string, unknown>>;
  if (kind !== "cpu" && kind !== "allocation") return undefined;
  return { kind, name: typeof name === "string" && name !== "" ? name : undefined };
}

/** The commands that wait for their request. */
export class ProfileCommands {
  #pending: PendingCommand[] = [];

  add(command: ProfileCommand): void {
    this.#pending.push({ ...command, attempts: 0, expiresAt: now() + EXPIRES_AFTER_MS });
    if (this.#pending.length > MAX_COMMANDS) this.#pending.shift();
  }

  /** Returns the first command that arriving work may be meant by, and keeps it. */
  candidate(work: ArrivingWork): ProfileCommand | undefined {
    if (this.#pending.length === 0) return undefined;
    const at = now();
    this.#pending = this.#pending.filter(
      ({ expiresAt, attempts }) => expiresAt > at && attempts < MAX_ATTEMPTS,
    );
    const found = this.#pending.find(({ name }) => mayBe(work, name));
    if (found !== undefined) found.attempts++;
    return found;
  }

  /** Removes a command whose profile was recorded. */
  done(command: ProfileCommand): void {
    this.#pending = this.#pending.filter((pending) => pending !== command);
  }
}

/** Whether the name of work may turn out to be `name`: the framework finds its route later. */
function mayBe(work: ArrivingWork, name: string | undefined): boolean {
  if (work.name !== undefined || name === undefined) return (work.name ?? name) === name;
  const space = name.indexOf(" ");
  const method = space === -1 ? name : name.slice(0, space);
  if (method !== work.method && method !== "HTTP") return false;
  return space === -1 || matchesPattern(pathOf(work.url ?? "/"), name.slice(space + 1));
}

function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/^[a-z]+:\/\/[^/]*/i, "");
}

/** Whether a path may match the pattern of any framework: `/a/:id`, `/a/[id]`, `/a/{id}`, `/a/*`. */
function matchesPattern(path: string, pattern: string): boolean {
  if (!pattern.startsWith("/")) return true;
  const wanted = segmentsOf(pattern);
  const segments = segmentsOf(path);
  for (const [at, part] of wanted.entries()) {
    // A part that stands for several segments, or for none.
    if (/[*?{(]|\.\.\./.test(part)) return true;
    const segment = segments[at];
    if (segment === undefined) return false;
    if (!/[:[]/.test(part) && part.toLowerCase() !== segment.toLowerCase()) return false;
  }
  return segments.length === wanted.length;
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
