const { fastify } = require("fastify");
const { serve } = require("./fastify.cjs");

serve(fastify);
