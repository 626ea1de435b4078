/** Checklists for reviews, in Markdown. */
export const checklistsText = `# Checklists

## Before production

- [ ] \`telltale check --production\` reports nothing.
- [ ] \`telltale doctor -- node app.js\` shows a span, a metric, a log record and an event that arrived.
- [ ] \`OTEL_SERVICE_NAME\`, version and environment are set: every query and alert is by service.
- [ ] Prometheus has the service: \`up\` is 1, or \`target_info\` is there.
- [ ] Readiness and liveness probes are set, and the app adds checks for what it can't work without.
- [ ] \`telltale ops --check\` reports no difference, and \`promtool test rules tests/*.yaml\` succeeds.
- [ ] Receivers have their secrets; a test message has arrived: \`amtool alert add test severity=critical\`.
- [ ] The watchdog reaches a service outside, which raises an alert without it.
- [ ] The objectives are agreed on, and so is what happens when the budget is used up.
- [ ] A planted secret is in no log line, span or event.
- [ ] Port 9464 is reachable for Prometheus and for no one else.
- [ ] Someone has followed a runbook in a drill: stop the database, and watch what happens.

## Each day

- [ ] Alerts that fire, and silences that should have ended.
- [ ] New types of exceptions since yesterday, by service and version.
- [ ] The slowest and the most failing routes: \`telltale report daily\`.
- [ ] Jobs that failed or did not run.
- [ ] What was deployed, and whether errors or durations changed with it.

## Each week

- [ ] The error budget left of each objective: \`telltale report weekly\`.
- [ ] Alerts that fired most: fix the cause, change the threshold, or delete the alert.
- [ ] Alerts that no one acted on: make them a warning, or delete them.
- [ ] Growth of memory, disk and queues against their limits.
- [ ] Certificates and keys that expire within a month.
- [ ] Telemetry lost, and metrics with too many series.
- [ ] Runbooks: what was missing the last time.
`;
