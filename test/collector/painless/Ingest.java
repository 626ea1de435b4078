import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.painless.PainlessScriptEngine;
import org.opensearch.painless.spi.Whitelist;
import org.opensearch.script.IngestConditionalScript;
import org.opensearch.script.IngestScript;
import org.opensearch.script.ScriptContext;

/**
 * Runs the conditions and scripts of an ingest pipeline on documents, one of JSON on each line,
 * and prints the results in the same form. The processors json, date and remove are those of
 * generated pipelines only: a date becomes the value that it is parsed from.
 */
public class Ingest {
  private final PainlessScriptEngine engine;

  private Ingest() {
    Map<ScriptContext<?>, List<Whitelist>> contexts = new HashMap<>();
    contexts.put(IngestScript.CONTEXT, new ArrayList<>(Whitelist.BASE_WHITELISTS));
    contexts.put(IngestConditionalScript.CONTEXT, new ArrayList<>(Whitelist.BASE_WHITELISTS));
    engine = new PainlessScriptEngine(Settings.EMPTY, contexts);
  }

  public static void main(String[] arguments) throws Exception {
    Ingest ingest = new Ingest();
    Map<String, Object> pipeline = parse(Files.readString(Path.of(arguments[0])));
    for (String line : Files.readAllLines(Path.of(arguments[1]))) {
      Map<String, Object> document = parse(line);
      for (Object processor : (List<?>) pipeline.get("processors")) {
        ingest.run(map(processor), document);
      }
      XContentBuilder builder = XContentBuilder.builder(JsonXContent.jsonXContent);
      System.out.println(builder.map(document).toString());
    }
  }

  private void run(Map<String, Object> processor, Map<String, Object> document) throws Exception {
    String kind = processor.keySet().iterator().next();
    Map<String, Object> options = map(processor.get(kind));
    if (options.get("if") instanceof String && !isTrue((String) options.get("if"), document)) return;
    Map<String, Object> line = map(document.get("telltale"));
    switch (kind) {
      case "json" -> {
        try {
          document.put("telltale", parse((String) document.get("message")));
        } catch (Exception error) {
          // ignore_failure
        }
      }
      case "date" -> document.put("@timestamp", line.get(lastPart((String) options.get("field"))));
      case "remove" -> {
        for (Object field : (List<?>) options.get("field")) line.remove(lastPart((String) field));
      }
      case "script" -> {
        IngestScript.Factory script =
            engine.compile("script", (String) options.get("source"), IngestScript.CONTEXT, Map.of());
        script.newInstance(map(options.get("params"))).execute(document);
      }
      default -> throw new IllegalArgumentException(kind);
    }
  }

  private boolean isTrue(String condition, Map<String, Object> document) {
    return engine
        .compile("condition", condition, IngestConditionalScript.CONTEXT, Map.of())
        .newInstance(Map.of())
        .execute(document);
  }

  private static Map<String, Object> parse(String json) {
    return XContentHelper.convertToMap(JsonXContent.jsonXContent, json, true);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return value instanceof Map ? (Map<String, Object>) value : new HashMap<>();
  }

  private static String lastPart(String field) {
    return field.substring(field.lastIndexOf('.') + 1);
  }
}
