const express = require("express4");
const { serve } = require("./express.cjs");

serve(express);
