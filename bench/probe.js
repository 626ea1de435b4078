/* Preloaded into every benched process, bare or not: answers with what the process used so far. */
process.on("message", (message) => {
  if (message === "usage") {
    process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
  }
});
// The channel alone must not hold a process that is done.
process.channel?.unref();
