import type { OpsOptions } from "../options/ops-options.ts";
import { jobPattern } from "../prometheus/service-selection.ts";

/**
 * Returns the label `team`, which is a template: the team of a service is looked up in each alert.
 *
 * @param hasJob whether the alert has the label `job`; without it the team is that of all.
 */
export function teamOf({ services, team }: OpsOptions, hasJob: boolean): string {
  if (!hasJob) return team;
  const teams = services.flatMap((service) =>
    service.team === undefined || service.team === team ? [] : [{ ...service, team: service.team }],
  );
  const branches = teams.map(
    (service) => `if match "^${jobPattern([service])}$" $labels.job }}${service.team}{{ else `,
  );
  return branches.length === 0 ? team : `{{ ${branches.join("")}}}${team}{{ end }}`;
}

/** Returns the team of a service by its job, as the template does; undefined is no job. */
export function teamOfJob({ services, team }: OpsOptions, job: string | undefined): string {
  const service = services.find(({ name }) => job === name || job?.endsWith(`/${name}`) === true);
  return service?.team ?? team;
}
