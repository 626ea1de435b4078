/** A line of an input, or a part of a very long one. */
export interface InputLine {
  /** From 1 on. */
  readonly number: number;
  /** The text without its line feed. */
  readonly text: string;
  /** The line feed; empty for the last line of a file that has none. */
  readonly end: "\n" | "";
  /** Whether the line has more than 1 MB, and this is one of its parts. */
  readonly isPart: boolean;
  /** The position of the text in its line, from 0 on. */
  readonly offset: number;
}

/** Longer lines are read in parts. */
const MAX_LENGTH = 1_000_000;

/** Reads the lines of a stream, with at most one of them and one chunk in memory. */
export async function* linesOf(stream: NodeJS.ReadableStream): AsyncIterableIterator<InputLine> {
  stream.setEncoding("utf8");
  let number = 1;
  let offset = 0;
  let rest = "";
  for await (const chunk of stream as AsyncIterable<string>) {
    rest += chunk;
    let from = 0;
    for (let feed = rest.indexOf("\n"); feed !== -1; feed = rest.indexOf("\n", from)) {
      yield { number, text: rest.slice(from, feed), end: "\n", isPart: offset > 0, offset };
      from = feed + 1;
      number++;
      offset = 0;
    }
    rest = rest.slice(from);
    if (rest.length < MAX_LENGTH) continue;
    yield { number, text: rest, end: "", isPart: true, offset };
    offset += rest.length;
    rest = "";
  }
  if (rest !== "") yield { number, text: rest, end: "", isPart: offset > 0, offset };
}
