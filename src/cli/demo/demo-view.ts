import type { Receiver } from "../../testing/receiver.ts";
import type { Interruption } from "../interruption.ts";
import type { StyleText } from "../../diagnostics/terminal-style.ts";

/** The terminal of the demo, and the receiver whose traces it shows. */
export interface DemoView {
  readonly receiver: Receiver;
  readonly interruption: Interruption;
  /** Exits after the first trace. */
  readonly once: boolean;
  readonly print: (line: string) => void;
  readonly style: StyleText;
}
