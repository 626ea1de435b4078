import { WebSocket, WebSocketServer } from "ws";
import WebSocket7 from "ws7";
import { serve } from "./ws-servers.cjs";

serve({
  ws8: { WebSocket, WebSocketServer },
  ws7: { WebSocket: WebSocket7, WebSocketServer: WebSocket7.Server },
});
