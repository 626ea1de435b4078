// The file that the OpenTelemetry Operator preloads by `--require`.
// oxlint-disable-next-line import/no-unassigned-import -- a preload has no exports.
require("./node_modules/telltale/dist/register.cjs");
