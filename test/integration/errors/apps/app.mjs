import { trace } from "@opentelemetry/api";
import express from "express";
import * as telltale from "telltale";
import winston from "winston";
import { startService } from "./service.cjs";

startService({ telltale, express, winston, trace });
