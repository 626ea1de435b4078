import { signal, type Signal } from "@preact/signals";

/** A message that disappears by itself. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly failed: boolean;
  /** Where a click leads. */
  readonly href?: string;
}

const SHOWN_MS = 6_000;

export const notices: Signal<readonly Notice[]> = signal([]);

let lastId = 0;

export function notify(text: string, options: { failed?: boolean; href?: string } = {}): void {
  const { failed = false, href } = options;
  lastId += 1;
  const notice: Notice = { id: lastId, text, failed, ...(href === undefined ? {} : { href }) };
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Runs an action of the user, and reports its success or failure. */
export async function attempt(action: () => Promise<void>, done?: string): Promise<void> {
  try {
    await action();
    if (done !== undefined) notify(done);
  } catch (error) {
    notify(error instanceof Error ? error.message : String(error), { failed: true });
  }
}

export async function copyText(text: string, what: string): Promise<void> {
  await attempt(async () => navigator.clipboard.writeText(text), `Copied ${what}`);
}
