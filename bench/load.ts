import { connect, type Socket } from "node:net";

/** Number of connections, each with one request at a time. */
const CONNECTIONS = 16;

/**
 * Sends `count` requests over keep-alive connections and resolves with the last
 * response. It only searches for the end of each response: the server's CPU is
 * measured, and it must not wait for this process.
 *
 * It never sleeps while it waits. Waking a process is charged to the one that writes
 * to it, and a client sleeps more the slower its server is: on Express that was
 * three quarters of the preload's apparent cost (profiled).
 */
export async function load(port: number, path: string, count: number): Promise<void> {
  const watch = keepLoopBusy();
  try {
    await sendAll(port, path, count);
  } finally {
    watch.over = true;
  }
}

function keepLoopBusy(): { over: boolean } {
  const watch = { over: false };
  const turn = (): void => {
    if (!watch.over) setImmediate(turn);
  };
  turn();
  return watch;
}

async function sendAll(port: number, path: string, count: number): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\n\r\n`;
  const budget = { left: count };
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => runConnection(port, request, budget)),
  );
}

function runConnection(port: number, request: string, budget: { left: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.on("connect", () => sendNext(socket, request, budget));
    socket.on("close", () => resolve());
    let received = "";
    socket.setEncoding("latin1");
    socket.on("data", (part: string) => {
      received += part;
      const end = responseEnd(received);
      if (end === undefined) return;
      if (!received.startsWith("HTTP/1.1 200")) {
        socket.destroy(new Error(`answered ${received.slice(0, 40)}`));
        return;
      }
      received = received.slice(end);
      sendNext(socket, request, budget);
    });
  });
}

function sendNext(socket: Socket, request: string, budget: { left: number }): void {
  if (budget.left <= 0) {
    socket.end();
    return;
  }
  budget.left--;
  socket.write(request);
}

function responseEnd(text: string): number | undefined {
  const body = text.indexOf("\r\n\r\n");
  if (body === -1) return undefined;
  const match = /content-length: (\d+)/i.exec(text.slice(0, body));
  const end = body + 4 + Number(match?.[1] ?? 0);
  return text.length >= end ? end : undefined;
}
