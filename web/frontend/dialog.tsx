/** A modal dialog on the browser's own `<dialog>`: focus stays inside, Escape closes. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "./boot";
import { Icon } from "./icons";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  return (
    <dialog ref={element} class={wide ? "wide" : undefined} onCancel={onClose} onClose={onClose} aria-labelledby="dialog-title">
      <header>
        <h2 id="dialog-title">{title}</h2>
        <button class="icon-button" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Say whether a modal dialog is open: the page's own shortcuts then rest. */
export function dialogOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}
