import { answer, fail, refuse, rejectAt, throwAt } from "./work.mjs";

/** Starts Nest on a given adapter, without decorator syntax. */
export async function serve(libraries) {
  const common = libraries.common;
  const { Controller, Get, Param, Post, All, VersioningType } = common;

  /** Decorates a method as `@Get(path) name(@Param("id") id)` would. */
  const route = (target, name, decorator, parameter) => {
    if (parameter !== undefined) Param(parameter)(target.prototype, name, 0);
    decorator(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
    return (more) =>
      more(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
  };

  class Users {
    one(id) {
      return answer(id);
    }
    order(order) {
      return answer(order);
    }
  }
  route(Users, "one", Get(":id"), "id");
  route(Users, "order", Get(":id/orders/:order"), "order");
  Controller({ path: "users", version: "1" })(Users);

  class NewUsers {
    one(id) {
      return answer(`new ${id}`);
    }
  }
  route(NewUsers, "one", Get(":id"), "id");
  Controller({ path: "users", version: "2" })(NewUsers);

  class Guarded {
    canActivate(context) {
      if (context.switchToHttp().getRequest().headers["authorization"] === "none") return false;
      return throwAt("in a guard");
    }
  }
  class Intercepted {
    intercept(_context, next) {
      return rejectAt("in an interceptor").then(() => next.handle());
    }
  }
  class Sorry {
    catch(_error, host) {
      const response = host.switchToHttp().getResponse();
      response.status(500).send("sorry");
    }
  }
  common.Catch()(Sorry);

  class Trouble {
    fails(id) {
      return throwAt(id);
    }
    rejects(id) {
      return rejectAt(id);
    }
    swallowed(id) {
      return rejectAt(id);
    }
    refused(id) {
      try {
        return refuse(id);
      } catch (error) {
        throw new common.BadRequestException(error.message, { cause: error });
      }
    }
    guarded(id) {
      return answer(id);
    }
    intercepted(id) {
      return answer(id);
    }
    tenants(id) {
      return fail(id);
    }
    files() {
      return "file";
    }
    any() {
      return "any";
    }
  }
  const version = common.VERSION_NEUTRAL;
  route(Trouble, "fails", Get("fails/:id"), "id");
  route(Trouble, "rejects", Get("rejects/:id"), "id");
  route(Trouble, "swallowed", Get("swallowed/:id"), "id")(common.UseFilters(new Sorry()));
  route(Trouble, "refused", Get("refused/:id"), "id");
  route(Trouble, "guarded", Get("guarded/:id"), "id")(common.UseGuards(new Guarded()));
  route(
    Trouble,
    "intercepted",
    Get("intercepted/:id"),
    "id",
  )(common.UseInterceptors(new Intercepted()));
  route(Trouble, "tenants", Post("tenants/:id"), "id");
  route(Trouble, "files", Get(`files/${libraries.wildcard}`));
  route(Trouble, "any", All("any/:id"));
  Controller({ version })(Trouble);

  function AppModule() {}
  common.Module({ controllers: [Users, NewUsers, Trouble] })(AppModule);

  const Adapter = libraries.adapter.ExpressAdapter ?? libraries.adapter.FastifyAdapter;
  const app = await libraries.core.NestFactory.create(AppModule, new Adapter(), {
    logger: false,
    abortOnError: false,
  });
  app.setGlobalPrefix("api");
  app.enableVersioning({ type: VersioningType.URI });
  await app.listen(0, "127.0.0.1");
  return { port: app.getHttpServer().address().port };
}
