import { CurrentValue } from "../../loading/current-value.ts";

/**
 * The method that is running while a connection publishes, since one public
 * method calls another: JetStream's `publish` calls `request`, and `request` calls
 * `publish`. Shared by the patches of both files.
 */
export const runningMethod: CurrentValue<"jetstream publish" | "request" | undefined> =
  new CurrentValue<"jetstream publish" | "request" | undefined>(undefined);
