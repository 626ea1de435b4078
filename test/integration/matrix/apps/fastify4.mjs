import { fastify } from "fastify4";
import { serve } from "./fastify.mjs";

serve(fastify);
