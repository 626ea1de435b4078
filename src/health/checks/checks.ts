/*
 * Checks for `addHealthCheck`, by the library whose objects of the app they use:
 *
 *     addHealthCheck("database", checks.pg(pool));
 *     addHealthCheck("disk", checks.diskSpace("/data"), { interval: 60_000, critical: false });
 */

export { amqplib, kafkajs } from "./brokers.ts";
export { ioredis, mongodb, mysql2, pg, redis } from "./databases.ts";
export { http } from "./http.ts";
export { diskSpace, eventLoopDelay, heap } from "./process.ts";
