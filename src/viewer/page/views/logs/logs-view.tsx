import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogDetail } from "../../../model.ts";
import { Attributes } from "../../components/attributes.tsx";
import { Empty, Loading } from "../../components/empty.tsx";
import { levelClass } from "../../components/log-line.tsx";
import { VirtualList } from "../../components/virtual-list.tsx";
import { formatTime } from "../../format.ts";
import { fetchLogs } from "../../state/api.ts";
import { reconnections } from "../../state/events.ts";
import { status, useEvents } from "../../state/live.ts";
import { hashOf, navigate, route, setParams } from "../../state/route.ts";
import { useRowKeys } from "../../state/row-keys.ts";
import { type LogFilter, logFilterOf, matchesLog, levels } from "./log-filter.ts";

const PAGE_SIZE = 500;
const MAX_LINES = 10_000;

interface NumberedLog {
  readonly number: number;
  readonly log: LogDetail;
}

/** The stream of log lines, the newest first. */
export function LogsView(): VNode {
  const filter = logFilterOf(route.value.params);
  const stream = useLogs(filter);
  const { lines } = stream;
  const open = (index: number): void => {
    const log = lines[index]?.log;
    if (log?.traceId !== undefined) navigate(hashOf("requests", log.traceId, { span: log.spanId }));
  };
  const [selected, select] = useRowKeys(lines.length, open, () => ({
    p: stream.togglePause,
    "/": () => document.getElementById("log-text")?.focus(),
  }));
  const chosen = lines[selected]?.log;
  return (
    <section class="view logs-view">
      <Tools filter={filter} isPaused={stream.isPaused} togglePause={stream.togglePause} />
      {stream.isLoading ? <Loading /> : null}
      {!stream.isLoading && lines.length === 0 ? (
        <Empty title="No log lines">
          <p>
            Lines of winston, pino, bunyan, log4js and the console of the app appear here, with the
            request they belong to. A filter may hide them.
          </p>
        </Empty>
      ) : null}
      {lines.length === 0 ? null : (
        <VirtualList
          label="Logs"
          items={lines}
          rowHeight={26}
          keyOf={({ number }) => String(number)}
          selected={selected}
          onNearEnd={stream.loadMore}
          renderRow={({ log }, index) => (
            <Line
              log={log}
              index={index}
              isSelected={index === selected}
              select={() => select(index)}
            />
          )}
        />
      )}
      {chosen === undefined ? null : <Chosen log={chosen} />}
    </section>
  );
}

interface LogStream {
  readonly lines: readonly NumberedLog[];
  readonly isLoading: boolean;
  readonly isPaused: boolean;
  togglePause(): void;
  loadMore(): void;
}

function useLogs(filter: LogFilter): LogStream {
  const [lines, setLines] = useState<readonly NumberedLog[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [isPaused, setPaused] = useState(false);
  const cursor = useRef<string>(undefined);
  const lastNumber = useRef(0);
  const number = (log: LogDetail): NumberedLog => ({ number: (lastNumber.current += 1), log });
  const load = async (isNext: boolean): Promise<void> => {
    const query = { ...filter, limit: PAGE_SIZE, ...(isNext ? { cursor: cursor.current } : {}) };
    const page = await fetchLogs(query).catch(() => undefined);
    setLoading(false);
    if (page === undefined) return;
    cursor.current = page.next;
    const newest = page.items.toSorted((a, b) => b.time - a.time).map(number);
    setLines((old) => (isNext ? [...old, ...newest] : newest));
  };
  useEffect(() => void load(false), [JSON.stringify(filter), reconnections.value, isPaused]);
  useEvents((events) => {
    if (isPaused) return;
    if (events.some(({ type }) => type === "cleared")) setLines([]);
    const added = events.flatMap((event) => (event.type === "log" ? [event.log] : []));
    const matching = added.filter((log) => matchesLog(log, filter)).map(number);
    if (matching.length === 0) return;
    setLines((old) => [...matching.toReversed(), ...old].slice(0, MAX_LINES));
  });
  return {
    lines,
    isLoading,
    isPaused,
    togglePause: () => setPaused(!isPaused),
    loadMore() {
      if (cursor.current === undefined || lines.length >= MAX_LINES) return;
      void load(true);
      cursor.current = undefined;
    },
  };
}

interface ToolsProps {
  readonly filter: LogFilter;
  readonly isPaused: boolean;
  readonly togglePause: () => void;
}

function Tools({ filter, isPaused, togglePause }: ToolsProps): VNode {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const search = (text: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setParams({ text: text.trim() }), 200);
  };
  return (
    <div class="toolbar" role="search">
      <input
        id="log-text"
        type="search"
        aria-label="Filter by text"
        placeholder="Filter by text ( / )"
        autocomplete="off"
        spellcheck={false}
        value={filter.text ?? ""}
        onInput={(event) => search(event.currentTarget.value)}
      />
      <select
        aria-label="Lowest level"
        value={filter.level ?? ""}
        onChange={(event) => setParams({ level: event.currentTarget.value })}
      >
        <option value="">All levels</option>
        {levels.map(({ name }) => (
          <option key={name} value={name}>
            {name} and above
          </option>
        ))}
      </select>
      <select
        aria-label="Service"
        value={filter.service ?? ""}
        onChange={(event) => setParams({ service: event.currentTarget.value })}
      >
        <option value="">All services</option>
        {(status.value?.services ?? []).map((service) => (
          <option key={service} value={service}>
            {service}
          </option>
        ))}
      </select>
      {filter.trace === undefined ? null : (
        <button
          type="button"
          class="toggle"
          aria-pressed
          onClick={() => setParams({ trace: undefined })}
        >
          trace: {filter.trace.slice(0, 8)} ×
        </button>
      )}
      <span class="space" />
      <button type="button" class="button" aria-pressed={isPaused} onClick={togglePause}>
        {isPaused ? "Resume" : "Pause"}
      </button>
    </div>
  );
}

interface LineProps {
  readonly log: LogDetail;
  readonly index: number;
  readonly isSelected: boolean;
  readonly select: () => void;
}

function Line({ log, index, isSelected, select }: LineProps): VNode {
  const { time, level, message, service, traceId, spanId } = log;
  return (
    <div
      class={isSelected ? "row log-row selected" : "row log-row"}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      onClick={select}
    >
      <div class="cell mono dim" role="gridcell">
        {formatTime(time)}
      </div>
      <div class={`cell level of-${levelClass(log)}`} role="gridcell">
        {level}
      </div>
      <div class="cell mono" role="gridcell">
        {message.slice(0, 500)}
      </div>
      <div class="cell dim" role="gridcell">
        {service}
      </div>
      <div class="cell" role="gridcell">
        {traceId === undefined ? null : (
          <a href={hashOf("requests", traceId, { span: spanId })}>request</a>
        )}
      </div>
    </div>
  );
}

function Chosen({ log }: { readonly log: LogDetail }): VNode {
  return (
    <aside class="chosen-log" aria-label="The selected line">
      <p class="dim">
        <span class={`level of-${levelClass(log)}`}>{log.level}</span> {log.service}{" "}
        {log.logger ?? ""} {formatTime(log.time)}
      </p>
      <pre class="message">{log.message}</pre>
      <Attributes attributes={log.attributes} />
    </aside>
  );
}
