import { createServer } from "node:http";

// What only a compiler knows.
enum Word {
  Hello = "hello",
}

const server = createServer((_request, response) => response.end(Word.Hello));
server.listen(0, "127.0.0.1", () => console.log(`app ${process.pid}`));
