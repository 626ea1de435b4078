import { extensionGroup } from "./groups/extensions.ts";
import { frameworkGroups } from "./groups/frameworks.ts";
import { limiterGroup } from "./groups/limiters.ts";
import { loggerGroups } from "./groups/loggers.ts";
import { queueGroups } from "./groups/queues.ts";
import { storeGroups } from "./groups/stores.ts";
import { upstreamGroups } from "./groups/upstream.ts";
import { webGroup } from "./groups/web.ts";
import type { RunGroup } from "./run-group.ts";

/** Each version of each library of the support table, but for those of `excluded`, and components of apps. */
export const runGroups: readonly RunGroup[] = [
  ...frameworkGroups,
  ...loggerGroups,
  ...storeGroups,
  ...upstreamGroups,
  webGroup,
  limiterGroup,
  ...queueGroups,
  extensionGroup,
];

/** Libraries of the support table without a run, and the reasons. */
export const excluded: Readonly<Record<string, string>> = {
  "prom-client":
    "its metrics are on the Prometheus page only, where the SDK has no place for those of others",
};
