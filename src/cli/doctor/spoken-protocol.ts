import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls } from "node:tls";

const TIMEOUT_MS = 1000;

/** Whether the server at an address completes a TLS handshake, with any certificate. Never rejects. */
export function speaksTls(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connectTls({ host, port: portOf(url), rejectUnauthorized: false });
    const finish = (isSpoken: boolean) => (): void => {
      socket.destroy();
      resolve(isSpoken);
    };
    socket.setTimeout(TIMEOUT_MS, finish(false));
    socket.once("secureConnect", finish(true));
    socket.once("error", finish(false));
    socket.once("close", finish(false));
  });
}

/** Whether the server at an address sends the settings of HTTP/2, which gRPC needs. Never rejects. */
export function speaksHttp2(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connectHttp2(url.origin, { rejectUnauthorized: false });
    const finish = (isSpoken: boolean) => (): void => {
      session.destroy();
      resolve(isSpoken);
    };
    session.setTimeout(TIMEOUT_MS, finish(false));
    session.once("remoteSettings", finish(true));
    session.once("error", finish(false));
    session.once("close", finish(false));
  });
}

/** Whether the server at an address answers a request of HTTP/1.1 without TLS. Never rejects. */
export async function speaksHttp(url: URL): Promise<boolean> {
  try {
    await fetch(`http://${url.host}/`, {
      method: "HEAD",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "manual",
    });
    return true;
  } catch {
    return false;
  }
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}
