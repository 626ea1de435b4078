import { createServer } from "node:http";

/**
 * A service that sends itself a request that fails, and prints it. With a number as its
 * argument it exits with that code afterwards.
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
