import type { VNode } from "preact";
import { Help } from "./components/help.tsx";
import { Notices } from "./components/notices.tsx";
import { baseName } from "./format.ts";
import { connection } from "./state/events.ts";
import { helpIsOpen, useKeys } from "./state/keyboard.ts";
import { status, useEvents, useStatus } from "./state/live.ts";
import { notify } from "./state/notices.ts";
import { offline } from "./state/offline.ts";
import { goBack, hashOf, listHash, navigate, route, type ViewName } from "./state/route.ts";
import { nextTheme, theme } from "./state/theme.ts";
import { CompareView } from "./views/compare/compare-view.tsx";
import { LogsView } from "./views/logs/logs-view.tsx";
import { MetricsView } from "./views/metrics/metrics-view.tsx";
import { ProfileView } from "./views/profile/profile-view.tsx";
import { RequestView } from "./views/request/request-view.tsx";
import { RequestsView } from "./views/requests/requests-view.tsx";
import { RoutesView } from "./views/routes/routes-view.tsx";
import { RunsView } from "./views/runs/runs-view.tsx";

const tabs: readonly { readonly view: ViewName; readonly title: string; readonly key: string }[] = [
  { view: "requests", title: "Requests", key: "r" },
  { view: "routes", title: "Routes", key: "o" },
  { view: "logs", title: "Logs", key: "l" },
  { view: "metrics", title: "Metrics", key: "m" },
  { view: "compare", title: "Compare", key: "c" },
  { view: "runs", title: "Runs", key: "h" },
];

export function App(): VNode {
  useStatus();
  useProfileNotices();
  useKeys({
    ...Object.fromEntries(
      tabs.map(({ view, key }) => [`g ${key}`, () => navigate(listHash(view))]),
    ),
    "?": () => (helpIsOpen.value = !helpIsOpen.value),
    Escape: goBack,
    t: nextTheme,
  });
  return (
    <>
      <TopBar />
      <main id="main">{offline === undefined ? <View /> : <OfflineRequest />}</main>
      <Notices />
      {helpIsOpen.value ? <Help /> : null}
    </>
  );
}

function View(): VNode {
  const { view, id } = route.value;
  if (view === "requests" && id !== undefined) return <RequestView key={id} id={id} />;
  if (view === "profiles" && id !== undefined) return <ProfileView key={id} id={id} />;
  const List = lists[view];
  return <List />;
}

const lists: Readonly<Record<ViewName, () => VNode>> = {
  requests: RequestsView,
  routes: RoutesView,
  logs: LogsView,
  metrics: MetricsView,
  profiles: RequestsView,
  compare: CompareView,
  runs: RunsView,
};

function OfflineRequest(): VNode {
  const { view, id } = route.value;
  if (view === "profiles" && id !== undefined) return <ProfileView key={id} id={id} />;
  return <RequestView id={offline?.request.summary.id ?? ""} />;
}

function TopBar(): VNode {
  return (
    <header class="top">
      <a class="brand" href={listHash("requests")}>
        <Mark /> telltale
      </a>
      {offline === undefined ? (
        <nav aria-label="Views">
          {tabs.map(({ view, title, key }) => (
            <a
              key={view}
              href={listHash(view)}
              aria-current={route.value.view === view ? "page" : undefined}
              title={`g ${key}`}
            >
              {title}
            </a>
          ))}
        </nav>
      ) : (
        <span class="dim">an exported request</span>
      )}
      <span class="space" />
      {offline === undefined ? <ConnectionState /> : null}
      <button type="button" class="icon" title={`Theme: ${theme.value} (t)`} onClick={nextTheme}>
        <span aria-hidden="true">◐</span>
        <span class="hidden">Theme: {theme.value}</span>
      </button>
      <button
        type="button"
        class="icon"
        title="Keys (?)"
        aria-label="Keys"
        onClick={() => (helpIsOpen.value = true)}
      >
        ?
      </button>
    </header>
  );
}

function Mark(): VNode {
  return (
    <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
      <path
        d="M2 4h12M5 8h7M7 12h4"
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
      />
    </svg>
  );
}

const connectionTexts = {
  connecting: "connecting",
  live: "live",
  lost: "not connected: is telltale dev running?",
} as const;

function ConnectionState(): VNode {
  const project = status.value === undefined ? undefined : baseName(status.value.project);
  const services = status.value?.services ?? [];
  return (
    <span class="connection" role="status">
      {project === undefined ? null : (
        <span class="dim" title={status.value?.project ?? ""}>
          {project}
          {services.length === 0 ? "" : ` · ${services.slice(0, 3).join(", ")}`}
        </span>
      )}
      <span class={`dot ${connection.value}`} aria-hidden="true" />
      <span class={connection.value === "lost" ? "bad" : "dim"}>
        {connectionTexts[connection.value]}
      </span>
    </span>
  );
}

function useProfileNotices(): void {
  useEvents((events) => {
    for (const event of events) {
      if (event.type !== "profile") continue;
      const { id, name, kind } = event.profile;
      notify(`A ${kind} profile of ${name} is there: open it`, { href: hashOf("profiles", id) });
    }
  });
}
