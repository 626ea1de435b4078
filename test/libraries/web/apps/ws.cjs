const ws8 = require("ws");
const ws7 = require("ws7");
const { serve } = require("./ws-servers.cjs");

serve({ ws8, ws7: { WebSocket: ws7, WebSocketServer: ws7.Server } });
