import { useSyncExternalStore } from "react";
import { mountUrl } from "./client";

export type LogLine = { seq: number; time: string; text: string; partial?: boolean };

export type TaskUpdate = {
  type: "update";
  task_id: number;
  template_id: number;
  project_id: number;
  status: string;
  start?: string | null;
  end?: string | null;
  version?: string | null;
  seq?: number;
};

export type LiveState = {
  status: "connecting" | "live" | "reconnecting" | "offline" | "stopped";
  /** Failed attempts since the connection was last good. */
  attempts: number;
  /** When the next attempt is made, in milliseconds since the epoch. */
  retryAt?: number;
};

type Frame =
  | TaskUpdate
  | { type: "lines"; project_id: number; task_id: number; lines: LogLine[] | null }
  | { type: "end"; project_id: number; task_id: number; total: number }
  | { type: "resync" }
  | { type: "error"; error: string; task_id?: number }
  | { type: "log" };

type Subscriber = {
  after: number;
  onLines: (lines: LogLine[]) => void;
  onEnd: (total: number) => void;
  onError?: (message: string) => void;
};

type Subscription = { projectId: number; subscribers: Set<Subscriber> };

type Handlers = {
  onUpdate: (update: TaskUpdate) => void;
  /** Updates may have been missed: everything cached has to be fetched again. */
  onResync: () => void;
};

type Options = {
  url: () => string;
  socket?: (url: string) => WebSocket;
  random?: () => number;
};

const shortestWait = 500;
const longestWait = 30_000;

/** How long to wait before attempt `attempts`: doubling, with half of it left to chance. */
export function backOff(attempts: number, random: () => number): number {
  const full = Math.min(longestWait, shortestWait * 2 ** Math.max(0, attempts - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

/**
 * The one connection of a tab for live events. It reconnects for ever with growing waits; after each
 * reconnect it asks for resync and takes up every log subscription where it was.
 */
export class LiveConnection {
  private socket?: WebSocket;
  private timer?: ReturnType<typeof setTimeout>;
  private handlers?: Handlers;
  private wasLive = false;
  private state: LiveState = { status: "stopped", attempts: 0 };
  private readonly listeners = new Set<() => void>();
  private readonly logs = new Map<number, Subscription>();
  private readonly options: Required<Options>;

  constructor(options: Options) {
    this.options = { socket: (url) => new WebSocket(url), random: Math.random, ...options };
  }

  start(handlers: Handlers): void {
    this.handlers = handlers;
    if (this.state.status !== "stopped") return;
    window.addEventListener("online", this.retryNow);
    this.connect();
  }

  stop(): void {
    window.removeEventListener("online", this.retryNow);
    clearTimeout(this.timer);
    this.wasLive = false;
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.setState({ status: "stopped", attempts: 0 });
  }

  /** Skips the wait; for the button of the live indicator. */
  retryNow = (): void => {
    if (this.state.status !== "reconnecting" && this.state.status !== "offline") return;
    clearTimeout(this.timer);
    this.connect();
  };

  /**
   * Sends the lines of a task after number `after`, stored ones first, then live ones, each once and
   * in order, over any number of reconnects. Returns the function that ends it.
   */
  subscribeLog(
    projectId: number,
    taskId: number,
    after: number,
    onLines: (lines: LogLine[]) => void,
    onEnd: (total: number) => void,
    onError?: (message: string) => void,
  ): () => void {
    const subscriber: Subscriber = { after, onLines, onEnd, onError };
    const log = this.logs.get(taskId) ?? { projectId, subscribers: new Set() };
    log.subscribers.add(subscriber);
    this.logs.set(taskId, log);
    this.sendSubscribe(taskId, log);
    return () => {
      if (!log.subscribers.delete(subscriber) || log.subscribers.size > 0) return;
      this.logs.delete(taskId);
      this.send({ type: "unsubscribe", task_id: taskId });
    };
  }

  subscribeState = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getState = (): LiveState => this.state;

  private setState(state: LiveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private connect(): void {
    this.setState({
      status: this.wasLive || this.state.attempts > 0 ? "reconnecting" : "connecting",
      attempts: this.state.attempts,
    });
    const socket = this.options.socket(this.options.url());
    this.socket = socket;
    socket.onopen = () => {
      if (socket === this.socket) this.opened();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket === this.socket) this.received(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.closed();
    };
  }

  private opened(): void {
    const again = this.wasLive || this.state.attempts > 0;
    this.wasLive = true;
    this.setState({ status: "live", attempts: 0 });
    for (const [taskId, log] of this.logs) this.sendSubscribe(taskId, log);
    if (again) this.handlers?.onResync();
  }

  private closed(): void {
    this.socket = undefined;
    const attempts = this.state.attempts + 1;
    const wait = backOff(attempts, this.options.random);
    this.setState({
      status: navigator.onLine === false ? "offline" : "reconnecting",
      attempts,
      retryAt: Date.now() + wait,
    });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  private received(raw: unknown): void {
    if (typeof raw !== "string") return;
    let frame: Frame;
    try {
      frame = JSON.parse(raw) as Frame;
    } catch {
      return;
    }
    switch (frame.type) {
      case "update":
        this.handlers?.onUpdate(frame);
        return;
      case "resync":
        this.handlers?.onResync();
        return;
      case "lines":
        this.deliver(frame.task_id, frame.lines ?? []);
        return;
      case "end":
        for (const s of this.subscribers(frame.task_id)) s.onEnd(frame.total);
        return;
      case "error":
        if (frame.task_id !== undefined) {
          for (const s of this.subscribers(frame.task_id)) s.onError?.(frame.error);
        }
        return;
    }
  }

  private subscribers(taskId: number): Subscriber[] {
    return [...(this.logs.get(taskId)?.subscribers ?? [])];
  }

  private deliver(taskId: number, lines: LogLine[]): void {
    for (const subscriber of this.subscribers(taskId)) {
      // Two views of one task share a subscription that starts at the earlier one.
      const fresh = lines.filter((line) => line.seq > subscriber.after);
      if (fresh.length === 0) continue;
      subscriber.after = fresh[fresh.length - 1].seq;
      subscriber.onLines(fresh);
    }
  }

  private sendSubscribe(taskId: number, log: Subscription): void {
    const after = Math.min(...[...log.subscribers].map((s) => s.after));
    this.send({ type: "subscribe", project_id: log.projectId, task_id: taskId, after });
  }

  private send(message: object): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }
}

export const live = new LiveConnection({
  url: () => `${mountUrl().replace(/^http/, "ws")}/api/ws?logs=subscribed`,
});

export const subscribeLog = live.subscribeLog.bind(live);

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.subscribeState, live.getState);
}
