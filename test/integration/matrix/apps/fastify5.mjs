import { fastify } from "fastify";
import { serve } from "./fastify.mjs";

serve(fastify);
