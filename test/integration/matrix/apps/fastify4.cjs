const { fastify } = require("fastify4");
const { serve } = require("./fastify.cjs");

serve(fastify);
