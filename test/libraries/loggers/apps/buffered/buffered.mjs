import winston from "winston";
import * as telltale from "../../../../../dist/index.js";
import { createLogger } from "../../../../../dist/logger.js";
import service from "./buffered-service.cjs";

const [name, pino] = process.argv.slice(2);
const { default: pinoModule } = await import(pino);
service.loadBuffered({ name, telltale, winston, pino: pinoModule, createLogger });
