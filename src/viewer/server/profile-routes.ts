import type { ProfileDetail, UnitDetail } from "../model.ts";
import { exportProfile, PROFILE_FORMATS } from "../profiles/export-profile.ts";
import { profileDetail } from "../profiles/profile-detail.ts";
import { recordedProfile, type RecordedProfile } from "../profiles/recorded-profile.ts";
import { found, get } from "./list-routes.ts";
import { checkNames, oneOf, required } from "./query-reader.ts";
import type { Route, RouteDeps, RouteRequest } from "./route.ts";

/** The profiles of requests, as the page shows them and as files. */
export const profileRoutes: readonly Route[] = [
  get("/api/profiles/:id", (route, deps) => {
    // Without spaces, which would be most of a flame graph: it is a deep tree.
    const body = JSON.stringify(found(profileDetail(profileOf(route, deps)), "profile"));
    return { status: 200, contentType: "application/json; charset=utf-8", body };
  }),
  get("/api/profiles/:id/export", (route, deps) => {
    checkNames(route.query, ["format"]);
    const format = required("format", oneOf(route.query, "format", PROFILE_FORMATS));
    const recorded = profileOf(route, deps);
    const file = found(
      exportProfile(recorded, format),
      `format of a ${recorded.summary.kind} profile`,
    );
    const { name, contentType, content } = file;
    // `exportProfile` leaves only letters, digits, dashes and dots in the name.
    const headers = { "content-disposition": `attachment; filename="${name}"` };
    return { status: 200, contentType, body: content, headers };
  }),
];

/** Returns the details of a unit's profiles that are in the history. */
export function profilesOf(
  { profiles }: Pick<UnitDetail, "profiles">,
  { store, project }: Pick<RouteDeps, "store" | "project">,
): ProfileDetail[] {
  return profiles.flatMap(({ id }) => {
    const stored = store.profile(id);
    if (stored === undefined) return [];
    return profileDetail(recordedProfile(stored.summary, stored.content, project)) ?? [];
  });
}

function profileOf({ parameters }: RouteRequest, { store, project }: RouteDeps): RecordedProfile {
  const { summary, content } = found(store.profile(parameters["id"] ?? ""), "profile");
  return recordedProfile(summary, content, project);
}
