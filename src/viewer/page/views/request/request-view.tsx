import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { UnitDetail, ViewerEvent } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { Tabs, type TabItem } from "../../components/tabs.tsx";
import { fetchUnit, pinUnit } from "../../state/api.ts";
import { useKeys } from "../../state/keyboard.ts";
import { useLiveLoad } from "../../state/live.ts";
import { attempt, copyText } from "../../state/notices.ts";
import { offline } from "../../state/offline.ts";
import { compareWith, pickBefore } from "../../state/picked.ts";
import { listHash, route, setParams } from "../../state/route.ts";
import { pickedOf } from "../requests/picked-unit.ts";
import { selectedId } from "../requests/units.ts";
import { agentText } from "./agent-text.ts";
import { CacheTab, CallsTab, HeadersTab } from "./calls-tabs.tsx";
import { ErrorsTab } from "./errors-tab.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { Problems } from "./problems.tsx";
import { ProfilesTab } from "./profiles-tab.tsx";
import { QueriesTab } from "./queries-tab.tsx";
import { RepeatedTab } from "./repeated-tab.tsx";
import { RequestHeader } from "./request-header.tsx";
import { Timeline } from "./timeline.tsx";

/** One request whole, over all services. */
export function RequestView({ id }: { readonly id: string }): VNode {
  const [detail, setDetail] = useState<UnitDetail | undefined>(
    offline === undefined ? undefined : offline.request,
  );
  const [failure, setFailure] = useState("");
  const load = async (): Promise<void> => {
    if (offline !== undefined) return;
    try {
      setDetail(await fetchUnit(id));
      setFailure("");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  // Spans of other services may come after those of the first one.
  useLiveLoad(load, [id], 1_000, (event) => concerns(event, id, detail));
  if (detail !== undefined) return <Request detail={detail} reload={load} />;
  if (failure === "") return <Loading />;
  return (
    <Empty title="No such request">
      <p>{failure}</p>
      <p>
        The history is bounded: old requests go, pinned ones stay.{" "}
        <a href={listHash("requests")}>To the list</a>
      </p>
    </Empty>
  );
}

function concerns(event: ViewerEvent, id: string, detail: UnitDetail | undefined): boolean {
  const traceId = detail?.summary.traceId;
  if (event.type === "unit") {
    return event.unit.id === id || (traceId !== undefined && event.unit.traceId === traceId);
  }
  return event.type === "profile" && event.profile.unit === id;
}

interface RequestProps {
  readonly detail: UnitDetail;
  readonly reload: () => Promise<void>;
}

function Request({ detail, reload }: RequestProps): VNode {
  const { summary } = detail;
  selectedId.value = summary.id;
  const tabs = tabsOf(detail);
  const name = route.value.params.get("tab");
  const current = tabs.find((tab) => tab.name === name) ?? tabs[0];
  const step = (by: number) => () => {
    const index = tabs.findIndex((tab) => tab === current) + by;
    const next = tabs[(index + tabs.length) % tabs.length];
    setParams({ tab: next?.name });
  };
  const pin = async (): Promise<void> => {
    await attempt(async () => pinUnit(summary.id, !summary.pinned));
    await reload();
  };
  useKeys({
    "[": step(-1),
    "]": step(1),
    s: () => void pin(),
    c: () => void copyText(agentText(detail), "a description for an agent"),
    a: () => pickBefore(pickedOf(summary)),
    b: () => compareWith(pickedOf(summary)),
  });
  return (
    <section class="view request-view">
      <RequestHeader detail={detail} pin={() => void pin()} />
      <Problems detail={detail} />
      <Tabs label="Parts of the request" items={tabs} current={current?.name ?? ""} />
      <div class="tab-panel" role="tabpanel" aria-label={current?.title ?? ""}>
        {current?.render()}
      </div>
    </section>
  );
}

interface RequestTab extends TabItem {
  render(): VNode;
}

function tabsOf(detail: UnitDetail): RequestTab[] {
  const { spans, repeated, errors, logs, profiles, stalls } = detail;
  const queries = spans.filter(({ query, cache }) => query !== undefined && cache === undefined);
  const cached = spans.filter(({ cache }) => cache !== undefined);
  const calls = spans.filter(({ call }) => call !== undefined);
  return [
    { name: "timeline", title: "Timeline", render: () => <Timeline detail={detail} /> },
    {
      name: "queries",
      title: "Queries",
      count: queries.length,
      render: () => <QueriesTab spans={queries} detail={detail} />,
    },
    {
      name: "repeated",
      title: "Repeated",
      count: repeated.length,
      render: () => <RepeatedTab groups={repeated} />,
    },
    {
      name: "calls",
      title: "Calls",
      count: calls.length,
      render: () => <CallsTab spans={calls} />,
    },
    {
      name: "cache",
      title: "Cache",
      count: cached.length,
      render: () => <CacheTab spans={cached} />,
    },
    { name: "logs", title: "Logs", count: logs.length, render: () => <LogsTab logs={logs} /> },
    {
      name: "errors",
      title: "Errors",
      count: errors.length,
      render: () => <ErrorsTab errors={errors} />,
    },
    { name: "headers", title: "Headers", render: () => <HeadersTab detail={detail} /> },
    {
      name: "profiles",
      title: "Profiles",
      count: profiles.length + stalls.length,
      render: () => <ProfilesTab detail={detail} />,
    },
  ];
}
