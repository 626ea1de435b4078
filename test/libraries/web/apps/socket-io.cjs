const { Server } = require("socket.io");
const { Server: Server3 } = require("socketio3");
const { serve } = require("./socket-io-servers.cjs");

serve({ v4: Server, v3: Server3 });
