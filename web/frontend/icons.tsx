/** Small signs, drawn here; they never stand without words or a label. */

const PATHS = {
  urgent: "M12 2 1 21h22L12 2Zm0 6v7m0 2.500v1.500",
  high: "M12 4 3 20h18L12 4Zm0 6v5m0 1.500v1",
  medium: "M12 3 21 12l-9 9-9-9 9-9Z",
  low: "M4 12.500 10 18 20 6",
  check: "M4 12.500 10 18 20 6",
  warning: "M12 4 3 20h18L12 4Zm0 6v5m0 1.500v1",
  jump: "M7 17 17 7M9 7h8v8",
  left: "M15 5 8 12l7 7",
  right: "M9 5l7 7-7 7",
  play: "M7 4l12 8-12 8V4Z",
  pause: "M8 5v14M16 5v14",
  close: "M6 6l12 12M18 6 6 18",
  down: "M12 4v15m-6-6 6 6 6-6",
  speech: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3Zm-6 8a6 6 0 0 0 12 0m-6 6v4",
  brain: "M4 6h16M4 12h10M4 18h6",
  link: "M4 12a8 8 0 0 1 16 0M8 12a4 4 0 0 1 8 0M12 12h.01",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  pen: "M4 20h4L19 9l-4-4L4 16v4Z",
  upload: "M12 20V6m-6 6 6-6 6 6M4 3h16",
  swap: "M4 8h14l-4-4M20 16H6l4 4",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4v5l4 2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
