-- Functions for Fluent Bit, which the other files of this folder name.

-- Few values, whatever the logger calls its levels.
local levels = {
  ["fatal"] = "fatal", ["emerg"] = "fatal", ["emergency"] = "fatal", ["60"] = "fatal",
  ["error"] = "error", ["err"] = "error", ["crit"] = "error", ["critical"] = "error", ["alert"] = "error", ["50"] = "error",
  ["warn"] = "warn", ["warning"] = "warn", ["40"] = "warn",
  ["info"] = "info", ["notice"] = "info", ["help"] = "info", ["data"] = "info", ["log"] = "info", ["30"] = "info",
  ["debug"] = "debug", ["verbose"] = "debug", ["http"] = "debug", ["20"] = "debug",
  ["trace"] = "trace", ["silly"] = "trace", ["prompt"] = "trace", ["input"] = "trace", ["10"] = "trace",
}

-- To be searched, never labels: each request has its own values.
local ids = { "trace_id", "span_id", "request_id", "user_id", "organization_id", "logger" }

local function level_of(level)
  if type(level) == "number" then level = string.format("%d", level) end
  if type(level) ~= "string" then return "unknown" end
  return levels[string.lower(level)] or "unknown"
end

local function text_of(value)
  if type(value) == "string" then return value end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return nil
end

-- The service of lines that have none, such as those of winston and pino themselves: the
-- label of the pod, else the container.
local function container_of(record)
  local pod = record["kubernetes"]
  if type(pod) == "table" then
    local labels = pod["labels"]
    local name = type(labels) == "table" and labels["app.kubernetes.io/name"]
    return name or pod["container_name"]
  end
  local name = record["container_name"]
  if type(name) == "string" then return (string.gsub(name, "^/", "")) end
  return nil
end

-- Puts the fields of the container aside, before the line is read.
function telltale_source(tag, timestamp, record)
  local log = record["log"]
  record["log"] = nil
  return 2, timestamp, { telltale_log = log, telltale_source = record }
end

-- What a record is after this: the line as it was written (log), its labels and ids, all its
-- fields (line), and its pod.
function telltale_line(tag, timestamp, record)
  local line = record
  local log, source = line["telltale_log"], line["telltale_source"] or {}
  line["telltale_log"], line["telltale_source"] = nil, nil
  local result = {
    log = log,
    line = line,
    kubernetes = source["kubernetes"],
    level = level_of(line["level"]),
    service = text_of(line["service"]) or container_of(source) or "unknown",
    environment = text_of(line["environment"]),
  }
  for _, name in ipairs(ids) do result[name] = text_of(line[name]) end
  -- pino has milliseconds. The time of other lines was read with the line.
  local ms = line["time"]
  if line["timestamp"] == nil and type(ms) == "number" then return 1, ms / 1000, result end
  return 2, timestamp, result
end

-- For Elasticsearch: the line as it is, which the ingest pipeline reads. Not the labels of the
-- pod: app and app.kubernetes.io/name would be a text and an object.
function telltale_document(tag, timestamp, record)
  local result = { message = record["log"], service = { name = record["service"] } }
  local pod = record["kubernetes"]
  if type(pod) == "table" then
    result["kubernetes"] = {
      namespace = pod["namespace_name"],
      pod = { name = pod["pod_name"] },
      container = { name = pod["container_name"] },
    }
  end
  return 2, timestamp, result
end

-- For OTLP and VictoriaLogs: the fields of the line, with the level and service from above.
function telltale_fields(tag, timestamp, record)
  local result = {}
  for name, value in pairs(record["line"]) do result[name] = value end
  result["message"] = text_of(result["message"]) or text_of(result["msg"]) or record["log"]
  result["level"] = record["level"]
  result["service"] = record["service"]
  result["msg"] = nil
  result["time"] = nil
  return 2, timestamp, result
end
