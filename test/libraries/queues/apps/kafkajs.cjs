// Messages over Kafka. Each of these modules has the same two functions.
const settings = (url) => ({
  clientId: "shop",
  brokers: [url],
  logLevel: 0,
  retry: { initialRetryTime: 50 },
});

exports.sender = async ({ Kafka, Partitioners }, url, queue) => {
  const producer = new Kafka(settings(url)).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return {
    send: (order) =>
      producer.send({ topic: queue, messages: [{ key: order.id, value: JSON.stringify(order) }] }),
    close: () => producer.disconnect(),
  };
};

// The group is the topic's own: one for consumers of several topics would be rebalanced all the time.
exports.consumer = async ({ Kafka }, url, queue) => {
  const kafka = new Kafka(settings(url));
  const admin = kafka.admin();
  await admin.connect();
  await createTopic(admin, queue);
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: queue, retry: { initialRetryTime: 50 } });
  await consumer.connect();
  await consumer.subscribe({ topics: [queue], fromBeginning: true });
  return consumer;
};

/** The wait of `createTopics` for a leader fails if the broker does not list the topic yet. */
async function createTopic(admin, topic) {
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
  for (;;) {
    try {
      return await admin.fetchTopicMetadata({ topics: [topic] });
    } catch (error) {
      if (!PENDING.has(error.type) && !PENDING.has(error.cause?.type)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const PENDING = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"]);

exports.receiver = async (library, url, queue, work) => {
  const consumer = await exports.consumer(library, url, queue);
  await consumer.run({
    eachMessage: ({ message }) => work(JSON.parse(message.value), message.offset),
  });
  return { close: () => consumer.disconnect() };
};
