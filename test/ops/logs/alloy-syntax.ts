/** A block of Alloy: `stage.json { … }` or `loki.process "telltale" { … }`. */
export interface Block {
  readonly name: string;
  readonly label: string | undefined;
  readonly attributes: ReadonlyMap<string, Value>;
  readonly blocks: readonly Block[];
}

/** A reference has the text of the source, such as `loki.write.telltale.receiver`. */
export type Value =
  | { readonly text: string }
  | { readonly number: number }
  | { readonly reference: string }
  | { readonly list: readonly Value[] }
  | { readonly map: ReadonlyMap<string, Value> };

const TOKEN =
  /(?<space>\s+|\/\/.*)|(?<text>"(?:[^"\\\n]|\\.)*")|(?<number>-?\d+(?:\.\d+)?)|(?<name>[A-Za-z_][\w.]*)|(?<sign>[{}[\](),=+])/y;

/**
 * Parses the part of Alloy's syntax that generated files use.
 *
 * @throws Error with the rest of the text where it is not in that syntax.
 */
export function parseAlloy(text: string): Block {
  const tokens = tokensOf(text);
  const root = new Parser(tokens).body("root", undefined, undefined);
  return root;
}

interface Token {
  readonly kind: "text" | "number" | "name" | "sign";
  readonly text: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let position = 0; position < text.length; position = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`unexpected: ${text.slice(position, position + 60)}`);
    const [kind, token] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!;
    if (kind !== "space") tokens.push({ kind: kind as Token["kind"], text: token });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** @param end the sign that ends the body, undefined for the end of the text */
  body(name: string, label: string | undefined, end: string | undefined): Block {
    const attributes = new Map<string, Value>();
    const blocks: Block[] = [];
    while (this.#peek() !== end) {
      const member = this.#take("name");
      if (this.#peek() === "=") {
        this.#take("sign");
        if (attributes.has(member)) throw new Error(`${member} is there twice in ${name}`);
        attributes.set(member, this.#expression());
        continue;
      }
      const blockLabel = this.#tokens[this.#next]?.kind === "text" ? this.#text() : undefined;
      this.#expect("{");
      blocks.push(this.body(member, blockLabel, "}"));
    }
    if (end !== undefined) this.#expect(end);
    return { name, label, attributes, blocks };
  }

  #expression(): Value {
    let value = this.#value();
    while (this.#peek() === "+") {
      this.#expect("+");
      value = { list: [value, this.#value()] };
    }
    return value;
  }

  #value(): Value {
    const { kind, text } = this.#tokens[this.#next] ?? { kind: "sign", text: "" };
    if (kind === "text") return { text: this.#text() };
    if (kind === "number") return { number: Number(this.#take("number")) };
    if (text === "[") return { list: this.#items("[", "]", () => this.#expression()) };
    if (text === "{") return { map: new Map(this.#items("{", "}", () => this.#pair())) };
    const reference = this.#take("name");
    if (this.#peek() === "(") return { list: this.#items("(", ")", () => this.#expression()) };
    return { reference };
  }

  #pair(): readonly [string, Value] {
    const name = this.#take("name");
    this.#expect("=");
    return [name, this.#expression()];
  }

  #items<Item>(start: string, end: string, item: () => Item): Item[] {
    const items: Item[] = [];
    this.#expect(start);
    while (this.#peek() !== end) {
      items.push(item());
      if (this.#peek() !== end) this.#expect(",");
    }
    this.#expect(end);
    return items;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  #text(): string {
    return JSON.parse(this.#take("text")) as string;
  }

  #expect(text: string): void {
    const token = this.#take("sign");
    if (token !== text) throw new Error(`expected ${text}, received ${token}`);
  }

  #take(kind: Token["kind"]): string {
    const token = this.#tokens[this.#next++];
    if (token?.kind !== kind) throw new Error(`expected a ${kind}, received ${token?.text}`);
    return token.text;
  }
}
