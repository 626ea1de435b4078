/** A block of the README and what its comment says is done with it. */
export interface Block {
  readonly kind: (typeof kinds)[number];
  /** What stands behind the kind: the name of a file. */
  readonly argument: string;
  readonly language: string;
  readonly text: string;
  /** Where it is, for messages; from 1. */
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
  /** Between the marks of `scripts/readme.ts`. */
  "generated",
] as const;

const fence = /^```(\w*)\n([^]*?)\n```$/gm;
const comment = /<!-- readme: (\w+) ?(.*?) -->\s*$/;

/**
 * All blocks of code in a README, in its order.
 *
 * @throws Error for a block that no comment says anything of.
 */
export function blocksIn(readme: string): Block[] {
  return [...readme.matchAll(fence)].map((match) => {
    const before = readme.slice(0, match.index);
    const line = before.split("\n").length;
    const [, word = "", argument = ""] = comment.exec(before) ?? [];
    const kind = isGenerated(before) ? "generated" : kinds.find((one) => one === word);
    if (kind === undefined) throw new Error(`README.md:${line}: what is this block?`);
    return { kind, argument, language: match[1] ?? "", text: match[2] ?? "", line };
  });
}

/** Behind a mark that begins a generated block, and not behind the one that ends it. */
function isGenerated(before: string): boolean {
  const last = /<!-- \w+:(start|end) -->(?![^]*<!-- \w+:(?:start|end) -->)/.exec(before);
  return last?.[1] === "start";
}
