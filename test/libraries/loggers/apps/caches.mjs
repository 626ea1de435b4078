import Redis from "ioredis";
import { LRUCache } from "lru-cache";
import * as redis from "redis";
import { run } from "./caches.cjs";

const cacheManager = await import(process.argv[2]);
const telltale = await import(process.env.TELLTALE);
await run({ telltale, cacheManager, LRUCache, redis, Redis });
