import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { helpIsOpen, useKeys } from "../state/keyboard.ts";

const groups: readonly { readonly title: string; readonly keys: readonly [string, string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      ["?", "this help"],
      ["g r", "requests"],
      ["g o", "routes"],
      ["g l", "logs"],
      ["g m", "metrics"],
      ["g c", "compare"],
      ["g h", "runs and history"],
      ["t", "dark, light, as the system"],
      ["Esc", "back, or leave a field"],
    ],
  },
  {
    title: "Lists",
    keys: [
      ["j k", "next, previous"],
      ["Enter", "open"],
      ["/", "filter"],
      ["p", "pause, go on"],
      ["e", "only errors"],
      ["n", "only N+1"],
      ["a b", "choose as before, after, to compare"],
    ],
  },
  {
    title: "A request",
    keys: [
      ["j k", "next, previous span"],
      ["h l", "collapse, expand"],
      ["v", "all spans, or the important ones"],
      ["[ ]", "previous, next tab"],
      ["s", "pin"],
      ["c", "copy as text, for an agent"],
    ],
  },
];

/** The overlay with all keys. */
export function Help(): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useKeys({ Escape: close });
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog class="help" ref={dialog} aria-label="Keys" onClose={close} onClick={close}>
      <h2>Keys</h2>
      <div class="help-groups">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(" ").map((part) => (
                      <kbd key={part}>{part}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}

function close(): void {
  helpIsOpen.value = false;
}
