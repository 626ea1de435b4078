import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { inspect } from "node:util";
import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/*
 * Calls AWS services with all kinds of inputs and prints the results: the response
 * or the error, and the app's own input and command afterwards. The services are
 * local fakes; the trace fields that they received are printed last.
 */

const md5 = (text) => createHash("md5").update(text).digest("hex");
const asked = [];

const answers = {
  SendMessage: ({ MessageBody, MessageAttributes }) => {
    asked.push(["SendMessage", Object.keys(MessageAttributes ?? {})]);
    return { MessageId: "m", MD5OfMessageBody: md5(MessageBody) };
  },
  SendMessageBatch: ({ Entries }) => {
    for (const { MessageAttributes } of Entries) {
      asked.push(["SendMessageBatch", Object.keys(MessageAttributes ?? {})]);
    }
    const Successful = Entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: md5(MessageBody),
    }));
    return { Successful, Failed: [] };
  },
  ReceiveMessage: ({ MessageAttributeNames }) => {
    asked.push(["ReceiveMessage", MessageAttributeNames]);
    return { Messages: [] };
  },
};

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const target = request.headers["x-amz-target"]?.split(".")[1];
  if (target !== undefined) {
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify(answers[target](JSON.parse(body))));
  } else if (body.startsWith("Action=Publish") || body.includes("Publish")) {
    asked.push(["Publish", /traceparent/.test(body) ? ["traceparent"] : []]);
    response.setHeader("content-type", "text/xml");
    response.end(
      "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
    );
  } else if (request.url.includes("/model/")) {
    response.setHeader("content-type", "application/json");
    response.end("no JSON");
  } else {
    const context = request.headers["x-amz-client-context"];
    const { custom = {} } = context ? JSON.parse(Buffer.from(context, "base64").toString()) : {};
    asked.push(["Invoke", Object.keys(custom)]);
    response.end("{}");
  }
});
await once(server.listen(0, "127.0.0.1"), "listening");

const { port } = server.address();
const endpoint = `http://127.0.0.1:${port}`;
/** Not the digits of the phone number. */
const portOfServer = new RegExp(`(?<=[:'])${port}\\b`, "g");
const options = {
  endpoint,
  region: "eu-central-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  maxAttempts: 1,
};
const [sqs, sns, lambda, bedrock] = [
  new SQSClient(options),
  new SNSClient(options),
  new LambdaClient(options),
  // The default handler uses HTTP/2.
  new BedrockRuntimeClient({ ...options, requestHandler: new NodeHttpHandler() }),
];
const QueueUrl = `${endpoint}/1/orders`;
const attribute = { DataType: "String", StringValue: "1" };
const TopicArn = "arn:aws:sns:eu-central-1:1:orders";

function frozen(value) {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

const send = (more) => new SendMessageCommand({ QueueUrl, MessageBody: "b", ...more });
const receive = (more) => new ReceiveMessageCommand({ QueueUrl, ...more });

const commands = {
  "SQS send": [sqs, send()],
  "SQS send, frozen": [sqs, send(), frozen],
  "SQS send with attributes": [sqs, send({ MessageAttributes: { a: attribute } })],
  "SQS send with attributes, frozen": [sqs, send({ MessageAttributes: { a: attribute } }), frozen],
  "SQS send to a URL": [sqs, send({ QueueUrl: new URL(QueueUrl) })],
  "SQS send to a generated queue": [
    sqs,
    send({ QueueUrl: `${QueueUrl}-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b` }),
  ],
  "SQS send of what can't be read": [
    sqs,
    send({
      get DelaySeconds() {
        return 0;
      },
    }),
  ],
  "SQS batch": [
    sqs,
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", MessageBody: "b" },
        { Id: "2", MessageBody: "b", MessageAttributes: { a: attribute } },
      ],
    }),
  ],
  "SQS batch, frozen": [
    sqs,
    new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "b" }] }),
    frozen,
  ],
  "SQS receive": [sqs, receive()],
  "SQS receive, frozen": [sqs, receive(), frozen],
  "SQS receive with names": [sqs, receive({ MessageAttributeNames: ["a"] })],
  "SQS receive of all": [sqs, receive({ MessageAttributeNames: ["All"] })],
  "SQS receive of all, frozen": [sqs, receive({ MessageAttributeNames: [".*"] }), frozen],
  "SNS publish": [sns, new PublishCommand({ TopicArn, Message: "m" })],
  "SNS publish, frozen": [sns, new PublishCommand({ TopicArn, Message: "m" }), frozen],
  "SNS publish with attributes, frozen": [
    sns,
    new PublishCommand({ TopicArn, Message: "m", MessageAttributes: { a: attribute } }),
    frozen,
  ],
  "SNS publish to a person": [
    sns,
    new PublishCommand({ PhoneNumber: "+4915112345", Message: "m" }),
  ],
  "Lambda invoke": [lambda, new InvokeCommand({ FunctionName: "f" })],
  "Lambda invoke, frozen": [lambda, new InvokeCommand({ FunctionName: "f" }), frozen],
  "Bedrock with a body that is no JSON": [
    bedrock,
    new InvokeModelCommand({ modelId: "amazon.titan-1", body: "no JSON" }),
  ],
  "Bedrock with bytes": [
    bedrock,
    new InvokeModelCommand({ modelId: "amazon.titan-1", body: new Uint8Array([1]) }),
  ],
};

for (const [name, [client, command, prepare = (value) => value]] of Object.entries(commands)) {
  prepare(command.input);
  if (prepare === frozen) Object.freeze(command);
  let outcome;
  try {
    const sent = client.send(command);
    if (!(sent instanceof Promise)) throw new Error("no promise");
    outcome = { ...(await sent), $metadata: undefined };
  } catch (error) {
    outcome = `${error.name}: ${error.message}`;
  }
  const symbols = Object.getOwnPropertySymbols(command).length;
  const line = inspect({ name, outcome, input: command.input, symbols }, { depth: 9 });
  console.log(line.replaceAll(portOfServer, "PORT"));
}
for (const client of [sqs, sns, lambda, bedrock]) client.destroy();
server.closeAllConnections();
server.close();
await once(server, "close");
console.error(JSON.stringify(asked));
