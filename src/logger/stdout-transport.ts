import { styleText } from "node:util";
import winston from "winston";
import { MESSAGE } from "./call-info.ts";
import type { FormattedInfo } from "./line-format.ts";
import { type Colour, readableLine } from "./readable-line.ts";

type Log = NonNullable<InstanceType<typeof winston.transports.Console>["log"]>;

/**
 * Writes lines to stdout: their JSON, or readable text. Log records are made of the JSON
 * in either case. Unlike winston's, it does not end the app when stdout is closed (`node
 * app.js | head`).
 */
export class StdoutTransport extends winston.transports.Console {
  readonly #format: "json" | "text";

  constructor(format: "json" | "text") {
    super();
    this.#format = format;
  }

  override log: Log = (info: FormattedInfo, next) => {
    const text = this.#format === "text" ? readableLine(info, colour) : info[MESSAGE];
    writeLine(text);
    setImmediate(() => this.emit("logged", info));
    next();
  };
}

/** Colours a text where stdout shows colours: a terminal without NO_COLOR, or FORCE_COLOR. */
const colour: Colour = (colours, text) => styleText(colours, text, { stream: process.stdout });

/** Writes to stdout, and ignores its errors as Node's `console` does. */
function writeLine(text: string): void {
  const { stdout } = process;
  try {
    ignoreNextError();
    stdout.write(`${text}\n`, (error) => {
      if (error) ignoreNextError();
    });
  } catch {
    // Files and terminals fail at once.
  } finally {
    stdout.removeListener("error", noop);
  }
}

function ignoreNextError(): void {
  if (process.stdout.listenerCount("error") === 0) process.stdout.once("error", noop);
}

function noop(): void {}
