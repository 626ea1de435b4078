const { createServer, get } = require("node:http");

const ids = [1, 2, 3, 4, 5];

module.exports = async () => {
  const server = createServer((_, response) => response.end("{}"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  const steps = {
    async sequential() {
      for (const id of ids) {
        await (await fetch(`${base}/users/${id}`)).json(); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => fetch(`${base}/orders/${id}`).then((response) => response.text()), // concurrent
        ),
      ),
    http: () =>
      Promise.all(
        ids.map(
          (id) =>
            new Promise((resolve) => {
              get(`${base}/http/${id}`, (response) => response.resume().on("end", resolve)); // http
            }),
        ),
      ),
  };
  return { steps, end: () => server.close() };
};
