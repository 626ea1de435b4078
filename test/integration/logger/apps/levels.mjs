import { createLogger } from "../../../../dist/logger.js";

const api = createLogger("api");
const cache = createLogger("api.cache", { level: "silly" });
const jobs = createLogger("jobs", { level: "nonsense" });
for (const logger of [api, cache, jobs])
  for (const level of ["debug", "info"]) logger[level](level);
cache.level = "loud";
cache.log("loud", "unknown");
createLogger("").info("unnamed");
