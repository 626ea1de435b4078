import type { Receiver } from "../testing/receiver.ts";
import type { Interruption } from "./interruption.ts";
import type { StyleText } from "./terminal-style.ts";

/** Who looks on, and where what there is to see comes in. */
export interface DemoView {
  readonly receiver: Receiver;
  readonly interruption: Interruption;
  /** One picture, and then the end. */
  readonly once: boolean;
  readonly print: (line: string) => void;
  readonly style: StyleText;
}
