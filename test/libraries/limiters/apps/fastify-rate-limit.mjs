import { request } from "./requests.mjs";

export async function run({ load, installed }) {
  const plugin = await load(installed);
  const is9 = installed.includes("limit-9");
  const fastify = await load(is9 ? "fastify4" : "fastify");
  const app = fastify({ forceCloseConnections: true });
  const limit = { max: 1, timeWindow: "1 minute" };
  const at = (scope, name, options) =>
    scope.get(`/${installed}/${name}`, options, () => Promise.resolve("ok"));
  const exceeded = [];

  await app.register(async (scope) => {
    await scope.register(plugin, { ...limit, global: false });
    const onExceeded = (_request, key) => exceeded.push(key);
    at(scope, "route", { config: { rateLimit: limit } });
    at(scope, "exceeded", { config: { rateLimit: { ...limit, onExceeded } } });
    at(scope, "builder", { config: { rateLimit: { ...limit, errorResponseBuilder } } });
    at(scope, "ban", { config: { rateLimit: { ...limit, ban: 1 } } });
    at(scope, "group", { config: { rateLimit: { ...limit, groupId: "login" } } });
    at(scope, "allowed", { config: { rateLimit: { ...limit, allowList: () => true } } });
    at(scope, "dynamic", { config: { rateLimit: { ...limit, max: async () => 1 } } });
    at(scope, "unlimited", {});
    at(scope, "keys", {
      config: { rateLimit: { ...limit, keyGenerator: () => "secret-key", hook: "preHandler" } },
    });
    at(scope, "failing", {
      config: {
        rateLimit: {
          ...limit,
          keyGenerator() {
            throw Object.assign(new Error("no key"), { statusCode: 400 });
          },
        },
      },
    });
    at(scope, "handler", { preHandler: scope.rateLimit({ ...limit, onExceeded }) });
    if (scope.createRateLimit !== undefined) {
      const check = scope.createRateLimit(limit);
      scope.get(`/${installed}/check`, async (incoming, reply) => {
        const { isExceeded } = await check(incoming);
        return isExceeded ? reply.code(503).send("busy") : "ok";
      });
    }
    scope.setNotFoundHandler(
      { preHandler: scope.rateLimit({ ...limit, timeWindow: 90_000 }) },
      (_request, reply) => reply.code(404).send("nothing"),
    );
  });
  await app.register(async (scope) => {
    const onExceeded = () => exceeded.push("everywhere");
    await scope.register(plugin, { ...limit, timeWindow: 3_600_000, onExceeded });
    at(scope, "global", {});
    at(scope, "off", { config: { rateLimit: false } });
    at(scope, "stored", { config: { rateLimit: { ...limit, max: 2 } } });
  });
  await app.register(async (scope) => {
    await scope.register(plugin, { ...limit, store: OwnStore });
    at(scope, "store", {});
  });

  await app.listen({ port: 0, host: "127.0.0.1" });
  const names = ["route", "exceeded", "builder", "ban", "group", "allowed", "dynamic", "unlimited"];
  names.push("keys", "failing", "handler", "check", "global", "off", "stored", "store", "missing");
  const counts = Object.fromEntries(names.map((name) => [`/${installed}/${name}`, 3]));
  const outcomes = await request(app.server, counts);
  await app.close();
  return { ...outcomes, "on exceeded": exceeded.join(" ") };
}

function errorResponseBuilder(_request, { statusCode, max }) {
  return Object.assign(new Error(`${statusCode} over ${max}`), { statusCode: 503 });
}

class OwnStore {
  #hits = 0;
  incr(_key, callback) {
    callback(null, { current: ++this.#hits, ttl: 60_000 });
  }
  child() {
    return new OwnStore();
  }
}
