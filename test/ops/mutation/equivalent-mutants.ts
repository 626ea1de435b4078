/** Mutants that no test can notice, since the rule means the same with them. */
export interface EquivalentMutants {
  /** `FILE/RULE: CHANGE` */
  readonly titles: readonly string[];
  readonly reason: string;
}

const stateAlerts = ["ServiceDown", "ReadinessFails", "HealthCheckFails", "ProbeFails"];

const objectives = ["all-requests-availability", "all-requests-latency"];
const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

/** Recorded from series that have the labels of the objective. */
const derived = [
  ...windows.map((window) => `slo:sli_error:ratio_rate${window}`),
  "slo:current_burn_rate:ratio",
  "slo:period_burn_rate:ratio",
  "slo:period_error_budget_remaining:ratio",
];
const burnAlerts = ["SLOBurnsFast", "SLOBurnsSlowly"];

/** Titles of changes of rules of each objective. */
function ofObjectives(
  rules: readonly string[],
  changes: (id: string) => readonly string[],
): readonly string[] {
  return objectives.flatMap((id) =>
    rules.flatMap((rule) => changes(id).map((change) => `slo/${rule} of ${id}: ${change}`)),
  );
}

function withoutId(id: string, places: number): readonly string[] {
  return Array.from(
    { length: places },
    (_, index) => `drop sloth_id="${id}", ${index + 1} of ${places}`,
  );
}

const withoutLabels = ["sloth_id", "sloth_service", "sloth_slo"].map(
  (label) => `drop the label ${label}`,
);
const bucketIsMissing = "slo/SLOBucketIsMissing of all-requests-latency: ";

export const equivalentMutants: readonly EquivalentMutants[] = [
  {
    titles: ofObjectives([...derived, ...burnAlerts], () => withoutLabels),
    reason: "The result has these labels, from the recorded numbers of events.",
  },
  {
    titles: ofObjectives(derived.slice(0, -1), (id) => withoutId(id, 2)),
    reason: "The operands are matched by sloth_id, too, and the other one selects it.",
  },
  {
    titles: ofObjectives(["slo:current_burn_rate:ratio", "slo:period_burn_rate:ratio"], () => [
      "drop sloth_id",
    ]),
    reason: "Both operands are of one objective, and the right one is a single series.",
  },
  {
    titles: ofObjectives(burnAlerts, (id) => withoutId(id, 8)),
    reason: "The other operands of and select it.",
  },
  {
    titles: [
      'drop and sum_over_time(slo:error_events:increase5m{sloth_id="all-requ…, 1 of 2',
      "halve 2.5, 1 of 2",
      "halve 5, 2 of 4",
    ].map((change) => `slo/SLOBurnsFast of all-requests-latency: ${change}`),
    reason: "The rate is 14.4% of at least 19.5 events, which are more than 2.5 failures.",
  },
  {
    titles: withoutLabels.map((change) => `${bucketIsMissing}${change}`),
    reason: "The result has these labels, from the recorded numbers of events.",
  },
  {
    titles: [`${bucketIsMissing}drop sloth_id="all-requests-latency", 2 of 2`],
    reason: "unless compares all labels, of which sloth_id is one.",
  },
  {
    titles: [`${bucketIsMissing}drop sloth_id="all-requests-latency", everywhere`],
    reason: "The other objective has failed events whenever it has events.",
  },
  {
    titles: stateAlerts.map((alert) => `alerts/${alert}: halve 1`),
    reason: "The metric is 0 or 1: below 1 and below 0.5 are the same.",
  },
  {
    titles: ["alerts/ServiceGone: halve 1"],
    reason: "The number of processes is 0 or at least 1.",
  },
  {
    titles: ["alerts/Watchdog: halve 1", "alerts/Watchdog: double 1"],
    reason: "Any number above zero fires always.",
  },
  {
    titles: ["ServiceDown", "DatabaseUnreachable", "RedisUnreachable"].map(
      (alert) => `alerts/${alert}: halve for`,
    ),
    reason: "Rules are evaluated each minute: with 30 seconds, too, the second evaluation fires.",
  },
  {
    titles: [1, 2, 3].flatMap((place) => [
      `alerts/DatabaseUnreachable: drop db_system_name!="redis", ${place} of 3`,
      `alerts/RedisUnreachable: drop db_system_name="redis", ${place} of 3`,
    ]),
    reason: "The result has this label, and the other two operands select it.",
  },
  {
    titles: ['alerts/JobsFail: drop error_type!="", 2 of 3'],
    reason: "unless compares all labels, of which error.type is one.",
  },
  {
    titles: ['alerts/DeploymentCompleted: drop service_version!="", 2 of 2'],
    reason: "unless compares the version, and none on its left side is empty.",
  },
  {
    titles: [
      "alerts-calendar/DailySummary: halve 1",
      "alerts-calendar/DailySummary: double 1",
      "alerts-calendar/WeeklyReport: halve 1, 1 of 2",
      "alerts-calendar/WeeklyReport: double 1, 1 of 2",
    ],
    reason: "The vector is there for and, which ignores its value.",
  },
];
