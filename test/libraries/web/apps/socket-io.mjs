import { Server } from "socket.io";
import { Server as Server3 } from "socketio3";
import { serve } from "./socket-io-servers.cjs";

serve({ v4: Server, v3: Server3 });
