/*
 * Queues that are gone a second after nobody uses them any more, in every way
 * that an app may have known them, and one that stays in use. Then calls over
 * queues that the server names. Says `ready`, and runs until it
 * is killed.
 */
const [installed, url] = process.argv.slice(2);

async function main() {
  const connection = await require(installed).connect(url);
  const channel = await connection.createConfirmChannel();
  const brief = { expires: 1000, durable: false };
  for (const queue of ["asserted", "checked", "cancelled", "closed", "consumed"]) {
    await channel.assertQueue(queue, brief);
  }
  // A policy of the broker's gives these the same, and the app doesn't know.
  for (const queue of ["policed", "policed-cancelled"]) await channel.assertQueue(queue);
  await channel.checkQueue("checked");
  for (const queue of ["cancelled", "policed-cancelled"]) {
    const { consumerTag } = await channel.consume(queue, () => {});
    await channel.cancel(consumerTag);
  }
  const other = await connection.createChannel();
  await other.consume("closed", () => {});
  await other.close();
  await channel.assertQueue("deleted");
  await channel.consume("deleted", () => {});
  await channel.deleteQueue("deleted");
  await channel.prefetch(1);
  await channel.consume("consumed", () => {});
  for (const body of ["held", "waits", "waits"]) {
    channel.sendToQueue("consumed", Buffer.from(body));
  }
  await channel.waitForConfirms();
  for (let call = 0; call < 5; call++) await ask(channel);
  console.log("ready");
}

/** A call whose answer comes over a queue of its own, which the server names. */
async function ask(channel) {
  const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true });
  const { promise, resolve } = Promise.withResolvers();
  const { consumerTag } = await channel.consume(queue, resolve, { noAck: true });
  channel.sendToQueue(queue, Buffer.from("answer"));
  await promise;
  await channel.cancel(consumerTag);
}

void main();
