import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { printJson, reportWrongUse } from "./command-output.ts";
import { type HealthOptions, parseHealthOptions } from "./health/options.ts";
import { type PageResult, requestPage } from "./health/request-page.ts";

const HELP = `telltale health [options]

  Requests a page of health of the admin server, for a container's HEALTHCHECK
  without curl. Host, port, credentials and certificate are those of the app's
  variables: OTEL_EXPORTER_PROMETHEUS_HOST, OTEL_EXPORTER_PROMETHEUS_PORT,
  TELLTALE_METRICS_TOKEN, TELLTALE_ADMIN_CERTIFICATE and so on.

  --path PATH        /readyz by default; also /livez, /healthz, /readyz/database
  --url URL          another address, such as a page on the app's own port; no
                     credentials are sent there
  --timeout SECONDS  5 by default
  --json             prints one JSON object
  --help

  Exit codes: 0 healthy, 1 not healthy, or no response, 2 wrong use.
`;

const FOUND = 1;

/** Runs `telltale health`. Returns the exit code. */
export async function health(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const options = parseHealthOptions(args, readEnvironment());
  if (options.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const { request, problems } = options;
  if (request === undefined || problems.length > 0)
    return reportWrongUse(problems, options.flags.has("json"));
  const result = await requestPage(request);
  report(request.url, result, options);
  return result.isHealthy ? 0 : FOUND;
}

function report(url: URL, result: PageResult, { flags }: HealthOptions): void {
  const { isHealthy, outcome, status, content, durationMs } = result;
  const address = `${url.protocol}//${url.host}${url.pathname}`;
  if (flags.has("json")) {
    const page = { url: address, httpStatus: status, durationMs, outcome, page: content };
    printJson({ status: isHealthy ? "healthy" : "unhealthy", ...page });
    return;
  }
  const line = `${address}: ${isHealthy ? "healthy" : "not healthy"}, ${outcome} (${durationMs} ms)`;
  process.stdout.write(`${escapeControlCharacters(line)}\n`);
}
