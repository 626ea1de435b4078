"use strict";
const { createLogger } = require("../../../../dist/logger.cjs");
const { setUser, setOrganization } = require("../../../../dist/index.cjs");
const winston = require("winston");
const { run } = require("./shop.cjs");

run({ createLogger, setUser, setOrganization, winston });
