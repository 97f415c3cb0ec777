import { type RefObject, useEffect, useEffectEvent, useState } from "react";
import type { LogStore } from "./store";
import { LogView, type ViewOptions } from "./view";

export interface FollowShown {
  readonly on: boolean;
  readonly newLines: number;
}

interface Props {
  readonly host: RefObject<HTMLDivElement | null>;
  readonly view: RefObject<LogView | null>;
  readonly store: LogStore;
  readonly options: ViewOptions;
  readonly following: boolean;
  readonly onPick: (seq: number, extend: boolean) => void;
}

/** Ties a `LogView` to the element that React gives it. */
export function useLogView({ host, view: viewRef, store, options, following, onPick }: Props): FollowShown {
  const [follow, setFollow] = useState<FollowShown>({ on: following, newLines: 0 });
  const pick = useEffectEvent(onPick);
  const create = useEffectEvent((element: HTMLDivElement) => {
    const callbacks = {
      onFollow: (on: boolean, newLines: number) => setFollow({ on, newLines }),
      onPick: (seq: number, extend: boolean) => pick(seq, extend),
    };
    return new LogView(element, store, options, callbacks, following);
  });

  useEffect(() => {
    if (host.current === null) return;
    const made = create(host.current);
    viewRef.current = made;
    return () => {
      made.destroy();
      viewRef.current = null;
    };
  }, [host, viewRef, store]);

  useEffect(() => {
    viewRef.current?.setOptions(options);
  }, [viewRef, options]);

  return follow;
}
