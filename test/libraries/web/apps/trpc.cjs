const { serve } = require("./trpc-servers.cjs");

serve({
  v11: {
    ...require("@trpc/server"),
    ...require("@trpc/server/adapters/standalone"),
    ...require("@trpc/server/adapters/express"),
    ...require("@trpc/server/adapters/fastify"),
    ...require("@trpc/server/adapters/ws"),
  },
  v10: {
    ...require("trpc10"),
    ...require("trpc10/adapters/standalone"),
    ...require("trpc10/adapters/express"),
    ...require("trpc10/adapters/fastify"),
    ...require("trpc10/adapters/ws"),
  },
});
