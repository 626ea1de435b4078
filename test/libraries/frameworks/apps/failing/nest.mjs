import { pipeline } from "node:stream";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause } from "./shapes.mjs";

/** Starts Nest on a given adapter, without decorator syntax. */
export async function serve({ common, core, adapter, rxjs }) {
  class Failing {
    throws() {
      throw fail("throws");
    }
    async rejects() {
      await pause();
      throw fail("rejects");
    }
    constant() {
      throw CONSTANT;
    }
    refused() {
      throw new common.BadRequestException("refused");
    }
    async late(response) {
      const raw = response.raw ?? response;
      raw.write("row");
      await pause();
      setImmediate(() => raw.destroy());
      throw fail("late");
    }
    stream(response) {
      const raw = response.raw ?? response;
      return new Promise((resolve, reject) => {
        pipeline(brokenStream(), raw, (error) => (error ? reject(error) : resolve()));
      });
    }
    endless(response) {
      const raw = response.raw ?? response;
      return new Promise((resolve, reject) => {
        pipeline(endlessStream(), raw, (error) => (error ? reject(error) : resolve()));
      });
    }
    events() {
      return rxjs.concat(
        rxjs.of({ data: "row" }),
        rxjs.throwError(() => fail("events")),
      );
    }
    async destroyed(response) {
      const raw = response.raw ?? response;
      raw.write("row");
      await pause();
      raw.destroy(fail("destroyed"));
    }
    async after(response) {
      response.send("all");
      await pause();
      throw fail("after");
    }
    async left(response) {
      await left(response.raw ?? response);
      throw fail("left");
    }
  }
  for (const name of Object.getOwnPropertyNames(Failing.prototype)) {
    if (name === "constructor") continue;
    const { prototype } = Failing;
    if (prototype[name].length === 1) common.Res()(prototype, name, 0);
    const decorate = name === "events" ? common.Sse(name) : common.Get(name);
    decorate(prototype, name, Object.getOwnPropertyDescriptor(prototype, name));
  }
  common.Controller()(Failing);
  function AppModule() {}
  common.Module({ controllers: [Failing] })(AppModule);
  const Adapter = adapter.ExpressAdapter ?? adapter.FastifyAdapter;
  const app = await core.NestFactory.create(AppModule, new Adapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, "127.0.0.1");
  return { port: app.getHttpServer().address().port };
}
