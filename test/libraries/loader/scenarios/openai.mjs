import { createServer } from "node:http";
import { once } from "node:events";

/** Local fakes of the two endpoints. */
const answers = {
  "/v1/chat/completions": {
    id: "chat-1",
    object: "chat.completion",
    model: "gpt-local",
    choices: [
      { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello!" } },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  },
  "/v1/embeddings": {
    object: "list",
    model: "embed-local",
    data: [{ object: "embedding", index: 0, embedding: [0.1] }],
    usage: { prompt_tokens: 1, total_tokens: 1 },
  },
};

export async function run({ OpenAI }) {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answers[request.url]));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
  const client = new OpenAI({ apiKey: "none", baseURL });
  const messages = [{ role: "user", content: "a secret question" }];
  await client.chat.completions.create({ model: "gpt-local", messages });
  await client.embeddings.create({ model: "embed-local", input: "word" });
  server.closeAllConnections();
  server.close();
}
