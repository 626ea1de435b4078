import serve from "./service.cjs";

const { LIBRARY: installed, PROGRAM, URL: url } = process.env;
const { default: program } = await import(`./${PROGRAM}.cjs`);

async function load(name) {
  const namespace = await import(name);
  return namespace.default ?? namespace;
}

serve(await program({ installed, url, load }));
