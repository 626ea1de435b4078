import { signal, type Signal } from "@preact/signals";

export type Theme = "system" | "dark" | "light";

const KEY = "telltale.theme";
const themes: readonly Theme[] = ["system", "dark", "light"];

export const theme: Signal<Theme> = signal(
  themes.find((known) => known === localStorage.getItem(KEY)) ?? "system",
);

export function applyTheme(): void {
  const { dataset } = document.documentElement;
  if (theme.value === "system") delete dataset["theme"];
  else dataset["theme"] = theme.value;
}

/** Goes from the system's choice to dark, to light, and back. */
export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "system";
  localStorage.setItem(KEY, theme.value);
  applyTheme();
}

/** The value of a colour of the style, for a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
