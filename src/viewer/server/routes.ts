import { agentRoutes } from "./agent-routes.ts";
import { changeRoutes } from "./change-routes.ts";
import { compareRoutes } from "./compare-routes.ts";
import { intakeRoutes } from "./intake.ts";
import { listRoutes } from "./list-routes.ts";
import { openingRoute } from "./opening.ts";
import { profileRoutes } from "./profile-routes.ts";
import type { Route } from "./route.ts";
import { transferRoutes } from "./transfer-routes.ts";

/** All routes of the server. Its security tests take each of them. */
export const routes: readonly Route[] = [
  openingRoute,
  ...listRoutes,
  ...changeRoutes,
  ...profileRoutes,
  ...compareRoutes,
  ...transferRoutes,
  ...intakeRoutes,
  ...agentRoutes,
];
