export default async function handler(request) {
  throw new Error(`failed ${request.query.id}`);
}
