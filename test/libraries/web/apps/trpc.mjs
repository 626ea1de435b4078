import { initTRPC, TRPCError } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import * as trpc10 from "trpc10";
import * as express10 from "trpc10/adapters/express";
import * as fastify10 from "trpc10/adapters/fastify";
import * as standalone10 from "trpc10/adapters/standalone";
import * as ws10 from "trpc10/adapters/ws";
import { serve } from "./trpc-servers.cjs";

serve({
  v11: {
    initTRPC,
    TRPCError,
    createHTTPHandler,
    createExpressMiddleware,
    fastifyTRPCPlugin,
    applyWSSHandler,
  },
  v10: { ...trpc10, ...standalone10, ...express10, ...fastify10, ...ws10 },
});
