/** One thing that is wrong with a value. */
export interface Issue {
  /** What was received, masked; by default the whole value. */
  readonly received?: string;
  readonly expected: string;
  /** The known name that was probably meant. */
  readonly suggestion?: string | undefined;
  /** What is used instead; by default the variable's default. */
  readonly used?: string;
}

export type ReportIssue = (complaint: Issue) => void;

/** One thing that is wrong with the configuration. Holds no secret. */
export type Problem =
  | {
      readonly kind: "invalid";
      readonly variable: string;
      /** Quoted or masked. */
      readonly received: string;
      readonly expected: string;
      /** The known name that was probably meant. */
      readonly suggestion: string | undefined;
      /** What is used instead. */
      readonly used: string;
    }
  | { readonly kind: "unsupported"; readonly variable: string; readonly reason: string }
  | { readonly kind: "misspelt"; readonly variable: string; readonly suggestion: string };
