import assert from "node:assert/strict";
import { familyName, type FamilyType, labelName } from "../../../src/metrics/prometheus/names.ts";

/** Name, unit and type of an instrument, and its name on the page (a counter's without `_total`). */
const names: readonly (readonly [string, string, FamilyType, string | undefined])[] = [
  // The names of the contract.
  ["http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"],
  ["http.client.request.duration", "s", "histogram", "http_client_request_duration_seconds"],
  ["db.client.operation.duration", "s", "histogram", "db_client_operation_duration_seconds"],
  ["http.server.active_requests", "{request}", "gauge", "http_server_active_requests"],
  ["nodejs.eventloop.utilization", "1", "gauge", "nodejs_eventloop_utilization_ratio"],
  ["v8js.memory.heap.used", "By", "gauge", "v8js_memory_heap_used_bytes"],
  ["process.cpu.time", "s", "counter", "process_cpu_time_seconds"],
  // Units.
  ["a", "", "gauge", "a"],
  ["a", "1", "counter", "a"],
  ["a", "1", "histogram", "a"],
  ["a", "ms", "gauge", "a_milliseconds"],
  ["a", "us", "gauge", "a_microseconds"],
  ["a", "d", "gauge", "a_days"],
  ["a", "h", "gauge", "a_hours"],
  ["a", "min", "gauge", "a_minutes"],
  ["a", "s", "gauge", "a_seconds"],
  ["a", "ns", "gauge", "a_nanoseconds"],
  ["a", "By", "gauge", "a_bytes"],
  ["a", "KiBy", "gauge", "a_kibibytes"],
  ["a", "MiBy", "gauge", "a_mebibytes"],
  ["a", "GiBy", "gauge", "a_gibibytes"],
  ["a", "TiBy", "gauge", "a_tebibytes"],
  ["a", "kBy", "gauge", "a_kilobytes"],
  ["a", "KBy", "gauge", "a_kilobytes"],
  ["a", "MBy", "gauge", "a_megabytes"],
  ["a", "GBy", "gauge", "a_gigabytes"],
  ["a", "TBy", "gauge", "a_terabytes"],
  ["a", "m", "gauge", "a_meters"],
  ["a", "V", "gauge", "a_volts"],
  ["a", "A", "gauge", "a_amperes"],
  ["a", "J", "gauge", "a_joules"],
  ["a", "W", "gauge", "a_watts"],
  ["a", "g", "gauge", "a_grams"],
  ["a", "Cel", "gauge", "a_celsius"],
  ["a", "Hz", "gauge", "a_hertz"],
  ["a", "kBy/s", "gauge", "a_kilobytes_per_second"],
  ["a", "%", "gauge", "a_percent"],
  ["a", "By/s", "gauge", "a_bytes_per_second"],
  ["a", "m/h", "gauge", "a_meters_per_hour"],
  ["a", "{packet}/s", "gauge", "a_per_second"],
  ["a", "1/s", "gauge", "a_per_second"],
  ["a", "By/{request}", "gauge", "a_bytes"],
  ["a", "{fault}", "counter", "a"],
  ["a", "furlong", "gauge", "a_furlong"],
  ["a", "m2/s2", "gauge", "a_m2_per_s2"],
  ["a", "constructor", "gauge", "a_constructor"],
  // A unit or suffix in the name is not repeated.
  ["a.seconds", "s", "histogram", "a_seconds"],
  ["a_bytes", "By", "gauge", "a_bytes"],
  ["bytes", "By", "counter", "bytes"],
  ["bytes", "By", "gauge", "bytes"],
  ["bytes", "By", "histogram", "bytes"],
  ["bytes.total", "By", "counter", "bytes"],
  ["ratio", "1", "gauge", "ratio"],
  ["cache.hit.ratio", "1", "gauge", "cache_hit_ratio"],
  ["seconds", "s", "histogram", "seconds"],
  ["bytes_per_second", "By/s", "gauge", "bytes_per_second"],
  ["per_second", "1/s", "gauge", "per_second"],
  ["celsius", "Cel", "gauge", "celsius"],
  ["percent", "%", "gauge", "percent"],
  // A unit elsewhere in the name, or as part of a word, is added.
  ["bytes.read", "By", "counter", "bytes_read_bytes"],
  ["kilobytes", "By", "gauge", "kilobytes_bytes"],
  ["milliseconds", "s", "gauge", "milliseconds_seconds"],
  // No two underscores in a row.
  ["__under__", "", "counter", "_under"],
  ["__under__", "", "histogram", "_under"],
  ["__under__", "", "gauge", "_under_"],
  ["under__", "s", "gauge", "under_seconds"],
  ["a._total", "", "counter", "a"],
  ["a__total", "s", "counter", "a_seconds"],
  ["orders.total", "", "counter", "orders"],
  ["orders_seconds_total", "s", "counter", "orders_seconds"],
  ["total", "", "counter", "total"],
  ["a_total", "", "gauge", "a_total"],
  // Invalid characters.
  ["a..b--c", "", "gauge", "a_b_c"],
  ["a:b", "", "gauge", "a_b"],
  ["größe", "", "gauge", "gr_e"],
  ["1st", "", "gauge", "_1st"],
  ["", "", "gauge", undefined],
  ["---", "", "gauge", undefined],
];

const labels: readonly (readonly [string, string])[] = [
  ["http.request.method", "http_request_method"],
  ["a..b", "a_b"],
  ["1a", "key_1a"],
  ["__a", "_a"],
  ["a:b", "a_b"],
  ["ä", "key_"],
  ["naïve", "na_ve"],
];

describe("The Prometheus page writes", () => {
  for (const [name, unit, type, expected] of names) {
    it(`a ${type} "${name}" in "${unit}": ${expected ?? "not at all"}`, () => {
      assert.equal(familyName(name, unit, type)?.name, expected);
    });
  }

  for (const [key, expected] of labels) {
    it(`an attribute "${key}": ${expected}`, () => {
      assert.equal(labelName(key), expected);
    });
  }
});
