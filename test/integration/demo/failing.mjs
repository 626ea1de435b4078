import { createServer } from "node:http";

/**
 * A service that asks itself for something that fails, and says what it is
 * asked for. With a number as its argument it ends with that code then.
 */
const server = createServer((request, response) => {
  response.statusCode = 500;
  response.end();
  console.log(`asked for ${request.url}`);
});
server.listen(0, "127.0.0.1", async () => {
  await fetch(`http://127.0.0.1:${server.address().port}/cart`);
  if (process.argv[2] !== undefined) process.exit(Number(process.argv[2]));
});
