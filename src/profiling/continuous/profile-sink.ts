import type { ExitRequestFactory } from "../../export/pipeline.ts";
import type { ProfileFile } from "./profile-file.ts";

/** What became of a profile. */
export type Delivery =
  | { readonly status: "sent" }
  /** The receiver does not accept it, or could not be reached in time. */
  | {
      readonly status: "rejected" | "failed";
      /** How long the receiver wants to be left alone, in milliseconds. */
      readonly pauseMs?: number | undefined;
    }
  /** It remains to be sent at the end of the process, which is near. */
  | { readonly status: "cancelled" };

/** Where profiles go. It reports the start and the end of trouble. */
export interface ProfileSink {
  /** Delivers one profile at a time. Never rejects. */
  deliver(file: ProfileFile): Promise<Delivery>;
  /** Ends the current delivery; returns false if the receiver has the whole profile already. */
  cancel(): boolean;
  /**
   * Delivers a profile at the end of the process.
   *
   * @param file called once. Returns undefined if there is none.
   * @param onResult called once there is a result
   */
  deliverAtExit(
    file: () => ProfileFile | undefined,
    onResult: (isSent: boolean) => void,
  ): ExitRequestFactory | undefined;
}
