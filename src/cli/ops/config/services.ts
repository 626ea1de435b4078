import type { ServiceOptions } from "../../../ops/options/service-options.ts";
import { NAME, type TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";

/** Reads `services`: a map by name. */
export function readServiceOptions(section: YamlMap | undefined): readonly ServiceOptions[] {
  if (section === undefined) return [];
  return section.keys.map((name) => {
    if (!NAME.pattern.test(name)) section.problem(name, `expected ${NAME.expected}`);
    const service = section.map(name);
    const team = service?.text("team", NAME);
    service?.end();
    return { name, ...(team !== undefined && { team }) };
  });
}

const CONTACT: TextRule = {
  pattern: /^[^\p{C}<>|]{1,200}$/u,
  expected: "at most 200 characters: a channel, a number, an address",
};

/** Reads `contacts`: how to reach each team. */
export function readContacts(section: YamlMap | undefined): ReadonlyMap<string, string> {
  const contacts = new Map<string, string>();
  for (const team of section?.keys ?? []) {
    if (!NAME.pattern.test(team)) section?.problem(team, `expected ${NAME.expected}`);
    const contact = section?.text(team, CONTACT);
    if (contact !== undefined) contacts.set(team, contact);
  }
  return contacts;
}
