const { trace } = require("@opentelemetry/api");
const express = require("express");
const telltale = require("telltale");
const winston = require("winston");
const { startService } = require("./service.cjs");

startService({ telltale, express, winston, trace });
