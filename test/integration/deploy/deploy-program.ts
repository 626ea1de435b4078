import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Program, type ProgramOptions, type ProgramResult } from "../program.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** The part of a token that no text may contain. */
export const SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0/c2VjcmV0+c";

/** Returns the auth token of an organization, as Sentry makes them. */
export function organizationToken(url: string, org = "acme"): string {
  const payload = JSON.stringify({ iat: 1793000000.5, url, region_url: url, org });
  return `sntrys_${Buffer.from(payload).toString("base64")}_${SECRET}`;
}

/** Options of most deploys. */
export const shop: readonly string[] = [
  ...["--project", "shop"],
  ...["--release", "shop@1.2.3"],
  ...["--environment", "production"],
];

/** Runs `telltale deploy`, by default where nothing is detected, and checks that it prints no secret. */
export async function runDeploy(
  args: readonly string[],
  options: Omit<ProgramOptions, "file" | "args">,
): Promise<ProgramResult> {
  const result = await new Program({ cwd: "/", ...options, file: cli, args: ["deploy", ...args] })
    .ended;
  for (const text of [result.stdout, result.stderr]) {
    assert.ok(!text.includes(SECRET), text);
    assert.ok(!text.includes(encodeURIComponent(SECRET)), text);
    assert.ok(!text.includes(SECRET.slice(0, 20)), text);
  }
  return result;
}
