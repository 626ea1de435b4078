import { type Exchange, HttpClient, type Outcome } from "../error-sources/http-client.ts";

/** A client that submits the form of the paths of server actions. */
export class NextClient extends HttpClient {
  readonly #url: string;

  constructor(port: number) {
    super(port);
    this.#url = `http://127.0.0.1:${port}`;
  }

  override async send(exchange: Exchange, disconnect?: Promise<unknown>): Promise<Outcome> {
    const { path, id } = exchange;
    if (!path.startsWith("/sources/action/")) return super.send(exchange, disconnect);
    return { status: await submit(this.#url + path, id) };
  }
}

/** Submits the form of a page as a browser without scripts does; resolves with the status. */
export async function submit(page: string, requestId: string): Promise<number> {
  const shown = await fetch(page, { headers: { "x-request-id": `page-${requestId}` } });
  const form = new FormData();
  for (const [input] of (await shown.text()).matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) form.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? "");
  }
  const headers = { "x-request-id": requestId };
  const response = await fetch(page, { method: "POST", body: form, headers });
  await response.arrayBuffer();
  return response.status;
}
