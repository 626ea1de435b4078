/** Loads a library as an ES module next to it does. */
export const load = (name) => import(name);
