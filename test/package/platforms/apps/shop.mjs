import { createServer } from "node:http";

const server = createServer((_request, response) => response.end("3 lamps"));
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`port ${server.address().port}`);
});
