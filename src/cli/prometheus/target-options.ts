import { parseAlertUrl, parseHttpUrl } from "../../config/link-urls.ts";
import { maskAddress, quote } from "../../config/mask.ts";
import { trimEndOf } from "../../text.ts";
import { textOf } from "../alerts/alert-options.ts";
import type { CommandArguments, OptionKind } from "../arguments.ts";
import { readSecret } from "../option-values/secret-file.ts";
import type { PrometheusTarget } from "./prometheus-api.ts";

/** The options by which a command finds Prometheus. */
export const prometheusOptionKinds: Readonly<
  Record<"prometheus" | "prometheus-token-file" | "prometheus-password-file", OptionKind>
> = {
  prometheus: "text",
  "prometheus-token-file": "text",
  "prometheus-password-file": "text",
};

/** Reads where Prometheus is. Undefined: what is wrong or missing is added to the problems. */
export function readPrometheus(
  parsed: CommandArguments,
  problems: string[],
): PrometheusTarget | undefined {
  const text = textOf(parsed, "prometheus");
  const password = readSecret("prometheus-password-file", parsed, problems);
  const token = readSecret("prometheus-token-file", parsed, problems);
  if (text === undefined) {
    problems.push("--prometheus is missing, such as http://localhost:9090");
    return undefined;
  }
  const url = parseHttpUrl(text);
  if (url === undefined || url.search !== "" || url.hash !== "") {
    const expected = "a URL such as http://localhost:9090, without a query";
    problems.push(`--prometheus: received ${quote(maskAddress(text))}, expected ${expected}`);
    return undefined;
  }
  if (password !== undefined && (url.username === "" || url.password !== ""))
    problems.push("--prometheus-password-file needs a user without a password in --prometheus");
  if (password !== undefined) url.password = encodeURIComponent(password);
  if (token !== undefined && url.username !== "")
    problems.push("--prometheus-token-file and a user in --prometheus exclude each other");
  const receiver = parseAlertUrl(url.href, () => {});
  if (receiver === undefined) return undefined;
  const headers = token === undefined ? receiver.headers : { authorization: `Bearer ${token}` };
  return { url: trimEndOf(receiver.url, "/"), headers };
}
