const { createSecureServer, createServer } = require("http2");
const { serve } = require("./http2-servers.cjs");

serve({ createSecureServer, createServer });
