// Registers a ready-made check of a client that this app uses, too.
// Arguments: the folder with the library, the kind of client, and the server's URL.
import { createRequire } from "node:module";
import { join } from "node:path";
import { addHealthCheck, job } from "telltale";
import { checks } from "telltale/health";

const [folder, kind, url] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const ignore = () => {};

/** Returns a client by kind: its check, and a call of the app's own. */
const clients = {
  async pgPool() {
    const { Pool } = require("pg");
    const pool = new Pool({ connectionString: url, max: 2 });
    pool.on("error", ignore);
    return { check: checks.pg(pool), use: () => pool.query("SELECT 7") };
  },
  async pgClient() {
    const { Client } = require("pg");
    let client;
    const connect = async () => {
      const next = new Client({ connectionString: url });
      // A connection that is refused ends, too: one attempt follows each, never two.
      next.on("error", ignore).once("end", () => setTimeout(connect, 50));
      try {
        await next.connect();
        // A query of a client whose connection was refused never ends; one that has lost its
        // connection rejects them.
        client = next;
      } catch {
        // It ends, and the next one follows.
      }
    };
    await connect();
    return { check: checks.pg(() => client), use: () => client.query("SELECT 7") };
  },
  async mysql2Pool() {
    const pool = require("mysql2").createPool({ uri: url, connectionLimit: 2 });
    return { check: checks.mysql2(pool), use: () => pool.promise().query("SELECT 7") };
  },
  async mysql2Promise() {
    const pool = require("mysql2/promise").createPool({ uri: url, connectionLimit: 2 });
    return { check: checks.mysql2(pool), use: () => pool.query("SELECT 7") };
  },
  async mongodb() {
    const { MongoClient } = require("mongodb");
    const client = new MongoClient(url);
    await client.connect();
    const items = client.db("shop").collection("items");
    return { check: checks.mongodb(client), use: () => items.findOne({ id: 7 }) };
  },
  async redis() {
    const client = require("redis").createClient({ url });
    client.on("error", ignore);
    await client.connect();
    return { check: checks.redis(client), use: () => client.get("seven") };
  },
  async ioredis() {
    const { Redis } = require("ioredis");
    const client = new Redis(url);
    client.on("error", ignore);
    return { check: checks.ioredis(client), use: () => client.get("seven") };
  },
  async amqplib() {
    let connection;
    const connect = async () => {
      try {
        connection = await require("amqplib").connect(url);
        connection.on("error", ignore).on("close", () => setTimeout(connect, 50));
      } catch {
        setTimeout(connect, 50);
      }
    };
    await connect();
    const use = async () => {
      const channel = await connection.createChannel();
      await channel.assertQueue("seven");
      channel.sendToQueue("seven", Buffer.from("7"));
      await channel.close();
    };
    return { check: checks.amqplib(() => connection), use };
  },
  async kafkajs() {
    const { Kafka, logLevel } = require("kafkajs");
    const kafka = new Kafka({ brokers: [url], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    const use = () => producer.send({ topic: "seven", messages: [{ value: "7" }] });
    return { check: checks.kafkajs(admin), use };
  },
  async http() {
    return { check: checks.http(url), use: async () => void (await (await fetch(url)).text()) };
  },
};

const { check, use } = await clients[kind]();
await job("use", use)();
addHealthCheck("dependency", check, {
  timeout: kind === "kafkajs" ? 3000 : 1000,
  interval: 100,
});
setInterval(() => {}, 1000);
console.log("ready");
