import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/ioredis/adaptor.ts");

export const ioredisRows: readonly LibraryRow[] = [
  {
    package: "ioredis",
    files: [
      ...["lib/redis.js", "lib/pipeline.js", "lib/command.js"],
      ...["built/redis.js", "built/redis/index.js", "built/pipeline.js"],
      ...["built/Redis.js", "built/Pipeline.js"],
      ...["lib/cluster/index.js", "built/cluster/index.js"],
      ...["lib/redis/event_handler.js", "built/redis/event_handler.js"],
      ...["lib/connectors/sentinel_connector.js", "built/connectors/SentinelConnector/index.js"],
      "built/connectors/SentinelConnector/FailoverDetector.js",
    ],
    versions: ">=2 <7",
    load,
    instrumentation: "ioredis",
  },
];
