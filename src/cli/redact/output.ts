import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { type SecretKind, secretKinds, type SecretSign } from "../../redaction/kinds.ts";
import type { InputLine } from "./input-lines.ts";
import type { RedactedLine, SecretPlace } from "./line-redaction.ts";

/** What the command prints, piece by piece. */
export interface RedactOutput {
  begin(): string;
  line(line: InputLine, redacted: RedactedLine): string;
  end(summary: RedactSummary): string;
}

export interface RedactSummary {
  readonly lines: number;
  readonly secrets: number;
}

const signs: ReadonlyMap<SecretKind, SecretSign> = new Map(
  secretKinds.map(({ kind, sign }) => [kind, sign]),
);

/** Prints the text itself, without its secrets. */
export class PrintedText implements RedactOutput {
  begin(): string {
    return "";
  }

  line({ end }: InputLine, { text }: RedactedLine): string {
    return text + end;
  }

  end(): string {
    return "";
  }
}

/** Prints one line for each place: `line 2, column 7: token (form)`, `line 3, user.password: field (name)`. */
export class TextPlaces implements RedactOutput {
  begin(): string {
    return "";
  }

  line(_line: InputLine, { places }: RedactedLine): string {
    return places.map((place) => `${escapeControlCharacters(describePlace(place))}\n`).join("");
  }

  end({ lines, secrets }: RedactSummary): string {
    return `${secrets === 0 ? "no secrets" : counted(secrets, "secret")} in ${counted(lines, "line")}\n`;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function describePlace({ line, column, path, kind }: SecretPlace): string {
  const where = path === undefined ? `column ${column}` : path || "text";
  return `line ${line}, ${where}: ${kind} (${signs.get(kind)})`;
}

/** Prints one JSON object, whose places are written as they are found. */
export class JsonPlaces implements RedactOutput {
  #count = 0;

  begin(): string {
    return '{"places":[';
  }

  line(_line: InputLine, { places }: RedactedLine): string {
    return places
      .map((place) => {
        const separator = this.#count++ === 0 ? "\n" : ",\n";
        return separator + JSON.stringify({ ...place, sign: signs.get(place.kind) });
      })
      .join("");
  }

  end({ lines, secrets }: RedactSummary): string {
    return `\n],"lines":${lines},"secrets":${secrets}}\n`;
  }
}
