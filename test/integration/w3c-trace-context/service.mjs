import { createServer, request } from "node:http";

/**
 * The service that the W3C's suite requires, without telemetry code: calls each URL of
 * a request, and responds after all of them. With the argument `fetch` it calls by
 * `fetch`.
 */
const calls = process.argv[2] === "fetch" ? byFetch : byRequest;

const server = createServer(async (incoming, response) => {
  let body = "";
  for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
  await Promise.all(JSON.parse(body).map(({ url, arguments: rest }) => calls(url, rest)));
  response.end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

function byRequest(url, rest) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST" }, (answer) =>
      answer.resume().on("end", resolve),
    );
    outgoing.on("error", reject).end(JSON.stringify(rest));
  });
}

async function byFetch(url, rest) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(rest) });
  await answer.text();
}
