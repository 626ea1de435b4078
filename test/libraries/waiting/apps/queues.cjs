/** Messages sent with promises, over one connection. */
module.exports = ({ load, installed, url }) => {
  const name = `waiting-${Math.random()}`;
  const content = Buffer.from("a");
  const libraries = {
    kafkajs() {
      const { Kafka, logLevel } = load(installed);
      const made = {
        async make() {
          const kafka = new Kafka({
            brokers: [url],
            logLevel: logLevel.NOTHING,
            maxInFlightRequests: 1,
          });
          const producer = kafka.producer({ maxInFlightRequests: 1 });
          await producer.connect();
          return { kafka, producer };
        },
        end: async (one) => (await one).producer.disconnect(),
      };
      const messages = [{ value: content }];
      return {
        "send()": {
          ...made,
          ask: async (one) => (await one).producer.send({ topic: name, messages }),
        },
        "await sendBatch()": {
          ...made,
          async ask(one, done) {
            await (await one).producer.sendBatch({ topicMessages: [{ topic: name, messages }] });
            done();
          },
        },
      };
    },
    bullmq() {
      const { Queue } = load(installed);
      const { hostname: host, port } = new URL(url);
      const made = {
        make: () => new Queue(name, { connection: { host, port: Number(port) } }),
        end: (one) => one.close(),
      };
      return {
        "add()": { ...made, ask: (one) => one.add("a", {}) },
        "await addBulk()": {
          ...made,
          async ask(one, done) {
            await one.addBulk([{ name: "a", data: {} }]);
            done();
          },
        },
      };
    },
    nats() {
      const { connect } = load(installed);
      const made = {
        async make() {
          const connection = await connect({ servers: url });
          const answering = connection.subscribe(name, {
            callback: (_, message) => setTimeout(() => message.respond(message.data), 5),
          });
          return { connection, answering };
        },
        end: async (one) => (await one).connection.close(),
      };
      return {
        "request()": {
          ...made,
          // The default is a second, which a busy host may take to respond.
          ask: async (one) => (await one).connection.request(name, content, { timeout: 60_000 }),
        },
        "await flush()": {
          ...made,
          async ask(one, done) {
            const { connection } = await one;
            connection.publish(name, content);
            await connection.flush();
            done();
          },
        },
      };
    },
  };
  libraries["@nats-io/transport-node"] = libraries.nats;
  return libraries[installed.replace(/\d+$/, "")]();
};
