import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Run } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { formatBytes, formatDate, formatNumber } from "../../format.ts";
import { fetchRuns, importFile, nameBaseline } from "../../state/api.ts";
import { loadStatus, status, useLiveLoad } from "../../state/live.ts";
import { attempt } from "../../state/notices.ts";
import { compareWith, type Picked, pickBefore } from "../../state/picked.ts";
import { hashOf, navigate } from "../../state/route.ts";
import { useRowKeys } from "../../state/row-keys.ts";
import { runLabel } from "./run-label.ts";

/** Starts of the services, which are compared and kept as baselines, and the history. */
export function RunsView(): VNode {
  const [runs, setRuns] = useState<readonly Run[]>();
  const load = async (): Promise<void> => {
    await attempt(async () => setRuns(await fetchRuns()));
    await loadStatus();
  };
  useLiveLoad(load, [], 3_000, ({ type }) => type === "run" || type === "unit");
  const sorted = (runs ?? []).toSorted((a, b) => b.start - a.start);
  const open = (index: number): void =>
    navigate(hashOf("requests", undefined, { run: sorted[index]?.id }));
  const [selected] = useRowKeys(sorted.length, open, (index) => keysOf(sorted[index]));
  return (
    <section class="view scroll">
      {runs === undefined ? <Loading /> : null}
      {runs?.length === 0 ? (
        <Empty title="No runs yet">
          <p>Each start of a service is a run, with its commit. Two of them can be compared.</p>
        </Empty>
      ) : null}
      {sorted.length === 0 ? null : (
        <table class="table" aria-label="Runs">
          <thead>
            <tr>
              <th>Start</th>
              <th>Service</th>
              <th>Branch</th>
              <th>Commit</th>
              <th>Node</th>
              <th class="number">Requests</th>
              <th>Baseline</th>
              <th>Compare</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((run, index) => (
              <RunRow
                key={run.id}
                run={run}
                older={sorted.slice(index + 1).find(({ service }) => service === run.service)}
                isSelected={index === selected}
                reload={() => void load()}
              />
            ))}
          </tbody>
        </table>
      )}
      <History />
    </section>
  );
}

function keysOf(run: Run | undefined): Readonly<Record<string, () => void>> {
  if (run === undefined) return {};
  return { a: () => pickBefore(pickedOf(run)), b: () => compareWith(pickedOf(run)) };
}

function pickedOf(run: Run): Picked {
  return { kind: "run", id: run.id, label: runLabel(run) };
}

interface RunRowProps {
  readonly run: Run;
  /** The run of the same service before this one. */
  readonly older: Run | undefined;
  readonly isSelected: boolean;
  readonly reload: () => void;
}

function RunRow({ run, older, isSelected, reload }: RunRowProps): VNode {
  const { id, service, start, branch, commit, dirty, nodeVersion, pid, requests } = run;
  return (
    <tr class={isSelected ? "selected" : ""} aria-selected={isSelected}>
      <td title={`run ${id}${pid === undefined ? "" : `, process ${pid}`}`}>{formatDate(start)}</td>
      <td>{service}</td>
      <td class="mono">{branch ?? "–"}</td>
      <td class="mono">
        {commit?.slice(0, 8) ?? "–"}
        {dirty === true ? <span class="warn"> + changes</span> : null}
      </td>
      <td class="mono dim">{nodeVersion ?? ""}</td>
      <td class="number">
        <a href={hashOf("requests", undefined, { run: id })}>{formatNumber(requests)}</a>
      </td>
      <td>
        <Baseline run={run} reload={reload} />
      </td>
      <td>
        {older === undefined ? (
          <span class="dim">the first</span>
        ) : (
          <a href={hashOf("compare", undefined, { kind: "run", before: older.id, after: id })}>
            with the one before
          </a>
        )}
      </td>
    </tr>
  );
}

function Baseline({ run, reload }: Pick<RunRowProps, "run" | "reload">): VNode {
  const [isNaming, setNaming] = useState(false);
  const name = async (value: string | null): Promise<void> => {
    setNaming(false);
    await attempt(async () => nameBaseline(run.id, value));
    reload();
  };
  if (run.baseline !== undefined) {
    return (
      <span class="badge info">
        {run.baseline}{" "}
        <button
          type="button"
          class="link"
          aria-label={`Remove the baseline ${run.baseline}`}
          onClick={() => void name(null)}
        >
          ×
        </button>
      </span>
    );
  }
  if (!isNaming) {
    return (
      <button type="button" class="link" onClick={() => setNaming(true)}>
        keep as a baseline
      </button>
    );
  }
  return (
    <form
      class="naming"
      onSubmit={(event) => {
        event.preventDefault();
        const value = new FormData(event.currentTarget).get("name");
        if (typeof value === "string" && value.trim() !== "") void name(value.trim());
      }}
    >
      <input
        name="name"
        aria-label="Name of the baseline"
        value={run.branch ?? "main"}
        ref={(input) => input?.focus()}
      />
      <button type="submit" class="button">
        Keep
      </button>
    </form>
  );
}

async function importFiles(files: FileList | null): Promise<void> {
  for (const file of files ?? []) {
    await attempt(async () => importFile(await file.text()), `Imported ${file.name}`);
  }
}

const signals = ["traces", "logs", "metrics"] as const;

function History(): VNode {
  const history = status.value?.history;
  return (
    <div class="cards history">
      <article class="card">
        <h2>History</h2>
        {history === undefined ? null : (
          <p class="dim">
            {formatNumber(history.units)} requests, {formatBytes(history.bytes)}, in{" "}
            <span class="mono">{history.path ?? "memory: this Node has no node:sqlite"}</span>. It
            is bounded: failed and pinned requests and baselines stay longest.
          </p>
        )}
        <h3>Export as OTLP JSON</h3>
        <span class="record">
          {signals.map((signal) => (
            <a
              key={signal}
              class="button"
              href={`/api/export?signal=${signal}`}
              download={`telltale-${signal}.json`}
            >
              {signal}
            </a>
          ))}
        </span>
        <h3>Import</h3>
        <input
          type="file"
          accept=".json,application/json"
          multiple
          aria-label="Import OTLP JSON"
          onChange={(event) => void importFiles(event.currentTarget.files)}
        />
        <p class="dim">
          Files of this export, of the Collector&apos;s file exporter, of Aspire and of otel-tui.
        </p>
      </article>
    </div>
  );
}
