"use strict";
const { setTimeout: wait } = require("node:timers/promises");
const winston = require("winston");
const pino = require("pino");
const telltale = require("../../../../../dist/index.cjs");
const { createLogger } = require("../../../../../dist/logger.js");
const { createLoggers } = require("./buffered-loggers.cjs");

/* Prints the size of the heap after each round of jobs that buffer lines; with `endless`, no job ends. */
const [name, mode] = process.argv.slice(2);
const logger = createLoggers({ winston, pino, createLogger })[name]();
const JOBS = 500;
const LINES = 50;
const ROUNDS = 12;

async function round() {
  for (let job = 0; job < JOBS; job++) {
    const done = telltale.job("busy", async () => {
      for (let line = 0; line < LINES; line++) logger.debug(`line ${line} of a job`);
      if (mode === "endless") await new Promise(() => {});
    })();
    if (mode !== "endless") await done;
  }
  await wait(10);
}

async function run() {
  const heap = [];
  for (let at = 0; at < ROUNDS; at++) {
    await round();
    globalThis.gc();
    heap.push(process.memoryUsage().heapUsed);
  }
  console.log(JSON.stringify(heap));
  process.exit();
}

void run();
