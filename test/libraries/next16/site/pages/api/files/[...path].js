export default function handler(request, response) {
  if (request.method !== "GET") response.status(405).end();
  else response.json(request.query);
}
