/** A code block of a page, and the instruction in the comment before it. */
export interface Block {
  readonly kind: (typeof kinds)[number];
  /** The text after the kind: the name of a file. */
  readonly argument: string;
  readonly language: string;
  readonly text: string;
  readonly page: string;
  /** Line number in the page, from 1. */
  readonly line: number;
}

const kinds = [
  "file",
  "environment",
  "run",
  "serve",
  "checkout",
  "prints",
  "logs",
  "text",
  /** A block between the marks of `scripts/readme.ts`. */
  "generated",
] as const;

const fence = /^```(\w*)\n([^]*?)\n```$/gm;
const comment = /<!-- readme: (\w+) ?(.*?) -->\s*$/;

/** Whether the tests follow the page. */
export function isExecuted(text: string): boolean {
  return text.includes("<!-- readme: ");
}

/**
 * Returns all code blocks of a page, in order.
 *
 * @throws Error for a block without an instruction.
 */
export function blocksIn(page: string, text: string): Block[] {
  return [...text.matchAll(fence)].map((match) => {
    const before = text.slice(0, match.index);
    const line = before.split("\n").length;
    const [, word = "", argument = ""] = comment.exec(before) ?? [];
    const kind = isGenerated(before) ? "generated" : kinds.find((one) => one === word);
    if (kind === undefined) throw new Error(`${page}:${line}: no comment before this block`);
    return { kind, argument, language: match[1] ?? "", text: match[2] ?? "", page, line };
  });
}

/** Whether the last mark before a block begins a generated part. */
function isGenerated(before: string): boolean {
  const last = /<!-- \w+:(start|end) -->(?![^]*<!-- \w+:(?:start|end) -->)/.exec(before);
  return last?.[1] === "start";
}
