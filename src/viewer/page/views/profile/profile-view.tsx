import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ProfileDetail } from "../../../model.ts";
import { Empty, Loading } from "../../components/empty.tsx";
import { PlaceLink } from "../../components/source.tsx";
import { type TabItem, Tabs } from "../../components/tabs.tsx";
import { formatBytes, formatDate, formatMs } from "../../format.ts";
import { fetchProfile } from "../../state/api.ts";
import { useKeys } from "../../state/keyboard.ts";
import { offline } from "../../state/offline.ts";
import { hashOf, listHash, route } from "../../state/route.ts";
import { FlameGraph } from "./flame-graph.tsx";

/** A CPU or allocation profile of one request. */
export function ProfileView({ id }: { readonly id: string }): VNode {
  const [profile, setProfile] = useState<ProfileDetail>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    fetchProfile(id).then(setProfile, (error: unknown) =>
      setFailure(error instanceof Error ? error.message : String(error)),
    );
  }, [id]);
  if (profile !== undefined) return <Profile profile={profile} />;
  if (failure === "") return <Loading />;
  return (
    <Empty title="No such profile">
      <p>{failure}</p>
      <a href={listHash("requests")}>To the requests</a>
    </Empty>
  );
}

const tabs: readonly TabItem[] = [
  { name: "flame", title: "Flame graph" },
  { name: "functions", title: "Functions" },
  { name: "packages", title: "Packages" },
  { name: "files", title: "Files" },
];

function Profile({ profile }: { readonly profile: ProfileDetail }): VNode {
  const { summary, root } = profile;
  const [text, setText] = useState("");
  const format = summary.kind === "cpu" ? formatMs : formatBytes;
  const current = route.value.params.get("tab") ?? "flame";
  useKeys({ "/": () => document.getElementById("profile-text")?.focus() });
  return (
    <section class="view profile-view">
      <Header profile={profile} />
      <Tabs label="Parts of the profile" items={tabs} current={current} />
      <div class="tab-panel" role="tabpanel">
        {current === "flame" ? (
          <>
            <div class="list-tools">
              <input
                id="profile-text"
                type="search"
                aria-label="Find a function"
                placeholder="Find a function ( / )"
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
              />
              <Legend />
            </div>
            <FlameGraph root={root} text={text} format={format} />
          </>
        ) : null}
        {current === "functions" ? <Functions profile={profile} format={format} /> : null}
        {current === "packages" ? (
          <Shares title="Package" rows={profile.byPackage} whole={root.value} format={format} />
        ) : null}
        {current === "files" ? (
          <Shares title="File" rows={profile.byFile} whole={root.value} format={format} />
        ) : null}
      </div>
    </section>
  );
}

function Header({ profile }: { readonly profile: ProfileDetail }): VNode {
  const { id, kind, name, unit, service, start, durationMs, samples, overlapping } =
    profile.summary;
  const path = `/api/profiles/${encodeURIComponent(id)}/export?format=`;
  const formats = kind === "cpu" ? ["cpuprofile", "pprof", "speedscope"] : ["heapprofile", "pprof"];
  return (
    <header class="request-header">
      <div class="title-line">
        <a
          class="icon"
          href={unit === undefined ? listHash("requests") : hashOf("requests", unit)}
          title="Back"
          aria-label="Back"
        >
          ←
        </a>
        <h1>{kind === "cpu" ? "CPU profile" : "Allocation profile"}</h1>
        <span>{name}</span>
        <span class="big mono">{formatMs(durationMs)}</span>
        <span class="space" />
        {offline === undefined ? (
          <span class="actions">
            {formats.map((format) => (
              <a key={format} class="button" href={`${path}${format}`} download>
                {format}
              </a>
            ))}
          </span>
        ) : null}
      </div>
      <div class="facts dim">
        <span>{service}</span>
        <span>{formatDate(start)}</span>
        <span>{samples} samples</span>
        {profile.idleMs === undefined || profile.idleMs < 1 ? null : (
          <span>{formatMs(profile.idleMs)} idle, which is left out</span>
        )}
      </div>
      {overlapping > 0 ? (
        <p class="overlap">
          <span class="badge warning">mixed</span> {overlapping} other{" "}
          {overlapping === 1 ? "request was" : "requests were"} in progress: the profile is that of
          the whole thread, and has their work too.
        </p>
      ) : null}
    </header>
  );
}

function Legend(): VNode {
  return (
    <ul class="services" aria-label="Colours">
      <li>
        <span class="swatch flame-app" aria-hidden="true" />
        the app
      </li>
      <li>
        <span class="swatch flame-package" aria-hidden="true" />
        packages
      </li>
      <li>
        <span class="swatch flame-node" aria-hidden="true" />
        Node, telltale
      </li>
    </ul>
  );
}

interface TableProps {
  readonly format: (value: number) => string;
}

const MAX_ROWS = 300;

function Functions({ profile, format }: TableProps & { readonly profile: ProfileDetail }): VNode {
  const whole = profile.root.value;
  return (
    <table class="table" aria-label="Functions by own time">
      <thead>
        <tr>
          <th class="number">Own</th>
          <th />
          <th class="number">Total</th>
          <th>Function</th>
          <th>Package</th>
          <th>Place</th>
        </tr>
      </thead>
      <tbody>
        {profile.hot
          .slice(0, MAX_ROWS)
          .map(({ name, package: from, place, self, total }, index) => (
            <tr key={index}>
              <td class="number mono">{format(self)}</td>
              <td>
                <Share part={self} whole={whole} />
              </td>
              <td class="number mono">{format(total)}</td>
              <td class="mono">{name}</td>
              <td class="dim">{from ?? "the app"}</td>
              <td>{place === undefined ? null : <PlaceLink place={place} />}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

interface SharesProps extends TableProps {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly self: number }[];
  readonly whole: number;
}

function Shares({ title, rows, whole, format }: SharesProps): VNode {
  return (
    <table class="table" aria-label={`${title}s by own time`}>
      <thead>
        <tr>
          <th class="number">Own</th>
          <th />
          <th class="number">Share</th>
          <th>{title}</th>
        </tr>
      </thead>
      <tbody>
        {rows
          .toSorted((a, b) => b.self - a.self)
          .slice(0, MAX_ROWS)
          .map(({ name, self }) => (
            <tr key={name}>
              <td class="number mono">{format(self)}</td>
              <td>
                <Share part={self} whole={whole} />
              </td>
              <td class="number dim">{whole === 0 ? 0 : Math.round((self / whole) * 100)}%</td>
              <td class="mono wrap">{name}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function Share({ part, whole }: { readonly part: number; readonly whole: number }): VNode {
  return (
    <span class="share" aria-hidden="true">
      <span class="of-code" style={{ width: `${whole === 0 ? 0 : (part / whole) * 100}%` }} />
    </span>
  );
}
