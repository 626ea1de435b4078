/** Calls the process that has this framework. Its address is known as soon as all run. */
let addresses;

export async function call({ framework, id }) {
  addresses ??= await addressesOfAll();
  const response = await fetch(`${addresses[framework]}/run/${id}`, {
    headers: { "x-request-id": `request-${id}` },
  });
  await response.text();
}

async function addressesOfAll() {
  const response = await fetch(process.env.DIRECTORY_URL);
  return response.json();
}
