/** What a text has to be. */
export interface TextRule {
  readonly pattern: RegExp;
  /** For messages. */
  readonly expected: string;
}

/** Names of services, teams and objectives. */
export const NAME: TextRule = {
  pattern: /^[A-Za-z\d][\w.-]{0,99}$/,
  expected: "at most 100 letters, digits, and _ . -",
};

export const ANY_TEXT: TextRule = { pattern: /^/, expected: "a text" };
