/** An issue of one value, reported while it is parsed. */
export interface ValueIssue {
  /** The invalid part, masked. Default: the whole value. */
  readonly received?: string;
  readonly expected: string;
  /** The known name that is probably meant. */
  readonly suggestion?: string | undefined;
  /** The value used in its place. Default: the variable's default. */
  readonly used?: string;
}

export type ReportIssue = (issue: ValueIssue) => void;

/** An issue of the configuration. Contains no secret. */
export type ConfigIssue =
  | {
      readonly kind: "invalid";
      readonly variable: string;
      /** Quoted or masked. */
      readonly received: string;
      readonly expected: string;
      /** The known name that is probably meant. */
      readonly suggestion: string | undefined;
      /** The value used in its place. */
      readonly used: string;
    }
  | {
      /** What is wrong inside of the file that a variable names. */
      readonly kind: "file";
      readonly variable: string;
      /** With file, line and path. */
      readonly problem: string;
    }
  | { readonly kind: "unsupported"; readonly variable: string; readonly reason: string }
  | { readonly kind: "misspelt"; readonly variable: string; readonly suggestion: string };
