import type { AlertSettings } from "../alerts/alert-settings.ts";
import type { Pairs } from "../prometheus/rule-file.ts";

/** What the options change in an alert. */
export interface AlertOptions extends Partial<AlertSettings> {
  readonly labels?: Pairs;
  /** False leaves the alert out. */
  readonly isEnabled?: boolean;
}
