import { claimsOf, order } from "./identity.mjs";

/** As `AuthGuard` of @nestjs/passport, without decorator syntax. */
export async function serve({ common, core, adapter }) {
  class Orders {
    create(id) {
      return order(id);
    }
  }
  class Guard {
    canActivate(context) {
      const request = context.switchToHttp().getRequest();
      request.user = claimsOf(request.headers);
      return true;
    }
  }
  common.Param("id")(Orders.prototype, "create", 0);
  const method = Object.getOwnPropertyDescriptor(Orders.prototype, "create");
  common.UseGuards(new Guard())(Orders.prototype, "create", method);
  common.Post("orders/:id")(Orders.prototype, "create", method);
  common.Controller()(Orders);
  function AppModule() {}
  common.Module({ controllers: [Orders] })(AppModule);
  const Adapter = adapter.ExpressAdapter ?? adapter.FastifyAdapter;
  const app = await core.NestFactory.create(AppModule, new Adapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, "127.0.0.1");
  return { port: app.getHttpServer().address().port };
}
