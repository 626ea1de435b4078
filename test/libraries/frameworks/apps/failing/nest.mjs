import { pipeline } from "node:stream";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
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
  addErrorSources(Failing.prototype, common, rxjs);
  common.Controller()(Failing);
  function AppModule() {}
  common.Module({ controllers: [Failing] })(AppModule);
  const Adapter = adapter.ExpressAdapter ?? adapter.FastifyAdapter;
  const app = await core.NestFactory.create(AppModule, new Adapter(), {
    logger: false,
    abortOnError: false,
  });
  app.use(({ url }, _response, next) => {
    const [, place, value] = url.split("/");
    if (place === "middleware") throw thrown(value, place);
    next();
  });
  await app.listen(0, "127.0.0.1");
  return { port: app.getHttpServer().address().port };
}

/** Adds a method for each place of an error, including Nest's own: guards, interceptors, pipes. */
function addErrorSources(prototype, common, rxjs) {
  const failAt = (place) => (context) => {
    throw thrown(context.switchToHttp().getRequest().params.value, place);
  };
  const decorators = {
    client: [],
    guard: [common.UseGuards({ canActivate: failAt("guard") })],
    interceptor: [common.UseInterceptors({ intercept: failAt("interceptor") })],
    observable: [
      common.UseInterceptors({
        intercept: (context) => rxjs.defer(() => failAt("observable")(context)),
      }),
    ],
    pipe: [
      common.UsePipes({
        transform: (value) => {
          throw thrown(value, "pipe");
        },
      }),
    ],
    handled: [common.UseFilters({ catch: respondWith502 })],
  };
  const client = () => {
    throw new common.ForbiddenException();
  };
  for (const place of new Set([...Object.keys(handlers), ...Object.keys(decorators)])) {
    const handle = { client, ...handlers }[place];
    const name = `at ${place}`;
    prototype[name] = (value, response) =>
      handle?.(value, (status) => response.status(status).send("sent"));
    common.Param("value")(prototype, name, 0);
    if (handle !== undefined) common.Res()(prototype, name, 1);
    const route = common.Get(`${place}/:value`);
    for (const decorate of [...(decorators[place] ?? []), route])
      decorate(prototype, name, Object.getOwnPropertyDescriptor(prototype, name));
  }
}

function respondWith502(_error, host) {
  host.switchToHttp().getResponse().status(502).send("failed");
}
