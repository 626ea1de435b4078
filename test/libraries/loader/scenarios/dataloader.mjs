export async function run(DataLoader) {
  const loader = new DataLoader((keys) => Promise.resolve(keys));
  await loader.load(1);
  await loader.loadMany([2, 3]);
}
