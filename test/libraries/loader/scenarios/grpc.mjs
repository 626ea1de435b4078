import { promisify } from "node:util";

const code = (value) => Buffer.from(JSON.stringify(value));
const read = (bytes) => JSON.parse(String(bytes));
const method = (name) => ({
  path: `/shop.Stock/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: code,
  requestDeserialize: read,
  responseSerialize: code,
  responseDeserialize: read,
});

/**
 * Server and client in one process.
 *
 * @param {string} [isOld] then a server must be started
 */
export async function run(grpc, isOld) {
  const service = { count: method("Count"), fail: method("Fail") };
  const server = new grpc.Server();
  server.addService(service, {
    count: ({ request }, done) => done(null, { left: request.of * 2 }),
    fail: (_, done) => done({ code: grpc.status.NOT_FOUND, details: "no such thing" }),
  });
  const credentials = grpc.ServerCredentials.createInsecure();
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", credentials);
  if (isOld) server.start();
  const Client = grpc.makeGenericClientConstructor(service, "Stock");
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  await promisify(client.count.bind(client))({ of: 2 });
  await promisify(client.fail.bind(client))({}).catch(() => {});
  client.close();
  server.forceShutdown();
}
