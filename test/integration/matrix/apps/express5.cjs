const express = require("express");
const { serve } = require("./express.cjs");

serve(express);
