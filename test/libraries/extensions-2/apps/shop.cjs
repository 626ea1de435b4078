const { once } = require("node:events");
const { createServer } = require("node:http");
const { context, propagation, trace } = require("@opentelemetry/api");
const OpenAI = require("openai");

const reply = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-test",
  choices: [
    { index: 0, message: { role: "assistant", content: "12 francs" }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

// Asks a model, which is a server of its own, within a span with baggage.
async function main() {
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(reply));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = new OpenAI({
    apiKey: "none",
    baseURL: `http://127.0.0.1:${server.address().port}/v1`,
    maxRetries: 0,
  });
  const baggage = propagation.createBaggage({
    "shop.member": { value: "gold" },
    other: { value: "unused" },
  });
  await context.with(propagation.setBaggage(context.active(), baggage), () =>
    trace.getTracer("shop").startActiveSpan("advise", async (span) => {
      const { choices } = await client.chat.completions.create({
        model: "gpt-test",
        messages: [{ role: "user", content: "How much is it?" }],
      });
      console.log(choices[0].message.content);
      span.end();
    }),
  );
  server.close();
  server.closeAllConnections();
}

main();
