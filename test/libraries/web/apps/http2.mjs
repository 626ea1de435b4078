import { createSecureServer, createServer } from "node:http2";
import { serve } from "./http2-servers.cjs";

serve({ createSecureServer, createServer });
