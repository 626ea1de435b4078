import winston from "winston";
import { setOrganization, setUser } from "../../../../dist/index.js";
import { createLogger } from "../../../../dist/logger.js";
import { run } from "./shop.cjs";

await run({ createLogger, setUser, setOrganization, winston });
