// oxlint-disable-next-line import/no-default-export
export default {
  test: {
    globals: true,
    include: ["*.spec.mjs"],
    setupFiles: ["telltale/testing"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
};
