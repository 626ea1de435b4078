/*
 * Queues that expire some seconds after their last use, used in every way that an app
 * may use them, and one that stays in use. Then calls over queues named by the
 * server. Prints `ready`, and runs until it is killed.
 */
const [installed, url, expires] = process.argv.slice(2);

async function main() {
  const connection = await require(installed).connect(url);
  const channel = await connection.createConfirmChannel();
  const brief = { expires: Number(expires), durable: false };
  // Each is used at once, before it can expire.
  await channel.assertQueue("asserted", brief);
  await channel.assertQueue("checked", brief);
  await channel.checkQueue("checked");
  await channel.assertQueue("cancelled", brief);
  await consumeBriefly(channel, "cancelled");
  // These expire by a policy of the broker, which the app doesn't know.
  await channel.assertQueue("policed");
  await channel.assertQueue("policed-cancelled");
  await consumeBriefly(channel, "policed-cancelled");
  const other = await connection.createChannel();
  await channel.assertQueue("closed", brief);
  await other.consume("closed", () => {});
  await other.close();
  await channel.assertQueue("deleted");
  await channel.consume("deleted", () => {});
  await channel.deleteQueue("deleted");
  await channel.prefetch(1);
  await channel.assertQueue("consumed", brief);
  await channel.consume("consumed", () => {});
  for (const body of ["in flight", "waiting", "waiting"]) {
    channel.sendToQueue("consumed", Buffer.from(body));
  }
  await channel.waitForConfirms();
  for (let calls = 0; calls < 5; calls++) await call(channel);
  console.log("ready");
}

async function consumeBriefly(channel, queue) {
  const { consumerTag } = await channel.consume(queue, () => {});
  await channel.cancel(consumerTag);
}

/** A call with a reply queue that the server names. */
async function call(channel) {
  const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true });
  const { promise, resolve } = Promise.withResolvers();
  const { consumerTag } = await channel.consume(queue, resolve, { noAck: true });
  channel.sendToQueue(queue, Buffer.from("reply"));
  await promise;
  await channel.cancel(consumerTag);
}

void main();
