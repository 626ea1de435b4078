import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const md5 = (text) => createHash("md5").update(text).digest("hex");

/** A local fake of SQS that passes a message on. */
function startQueue() {
  const messages = [];
  const actions = {
    SendMessage({ MessageBody: Body, MessageAttributes }) {
      messages.push({ MessageId: "m-1", ReceiptHandle: "r-1", Body, MessageAttributes });
      return { MessageId: "m-1", MD5OfMessageBody: md5(Body) };
    },
    ReceiveMessage: () => ({
      Messages: messages.splice(0).map((one) => ({ ...one, MD5OfBody: md5(one.Body) })),
    }),
  };
  return createServer(async (request, response) => {
    const chunks = await request.toArray();
    const [, action] = request.headers["x-amz-target"].split(".");
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify(actions[action](JSON.parse(Buffer.concat(chunks)))));
  });
}

export async function run({ SQSClient, SendMessageCommand, ReceiveMessageCommand }) {
  const server = startQueue();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${server.address().port}`;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new SQSClient({ region: "eu-central-1", endpoint, credentials });
  const QueueUrl = `${endpoint}/000000000000/orders`;
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "order 1" }));
  const MessageAttributeNames = ["All"];
  const { Messages } = await client.send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames }),
  );
  console.log(JSON.stringify(Messages[0].MessageAttributes));
  client.destroy();
  server.closeAllConnections();
  server.close();
}
