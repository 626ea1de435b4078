import type { VNode } from "preact";
import type { QueryDetail } from "../../model.ts";
import { plural } from "../format.ts";
import { formatSql, isSql, parameterName } from "../sql/format-sql.ts";
import { highlightSql } from "../sql/highlight.ts";
import { copyText } from "../state/notices.ts";

/** Texts of queries are shown up to this length. */
const MAX_SHOWN = 50_000;

interface SqlProps {
  readonly text: string;
  readonly system: string;
  /** Whether it stays on one line. */
  readonly isInline?: boolean;
}

/** A query, highlighted if it is SQL, and formatted unless it stays on one line. */
export function Sql({ text, system, isInline = false }: SqlProps): VNode {
  const shown = isInline ? text.slice(0, 400) : formatSql(text, system).slice(0, MAX_SHOWN);
  const parts = isSql(system) ? highlightSql(shown) : [{ kind: "plain", text: shown }];
  const content = parts.map(({ kind, text }, index) =>
    kind === "plain" ? (
      text
    ) : (
      <span key={index} class={`sql-${kind}`}>
        {text}
      </span>
    ),
  );
  return isInline ? (
    <code class="sql inline">{content}</code>
  ) : (
    <pre class="sql">
      <code>{content}</code>
    </pre>
  );
}

/** A query with its parameters and rows. */
export function Query({ query }: { readonly query: QueryDetail }): VNode {
  const { text, system, parameters, rows } = query;
  return (
    <div class="query">
      <Sql text={text} system={system} />
      {parameters === undefined || parameters.length === 0 ? null : (
        <dl class="parameters" aria-label="Parameters">
          {parameters.map(({ key, value }) => (
            <div key={key}>
              <dt class="sql-parameter mono">{parameterName(key)}</dt>
              <dd class="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="dim">
        {system}
        {rows === undefined ? "" : ` · ${plural(rows, "row")}`}
        {" · "}
        <button
          type="button"
          class="link"
          onClick={() => void copyText(formatSql(text, system), "the query")}
        >
          copy
        </button>
      </p>
    </div>
  );
}
