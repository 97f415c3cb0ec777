import type { Stage } from "@/api/types";

/** What happens to a resource, the most dangerous first: the order in which they are listed. */
export const actions = ["delete", "replace", "forget", "update", "create", "import", "move", "read"] as const;

export interface Attribute {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Why the resource has to be replaced. */
  readonly replaces: boolean;
}

export interface Resource {
  readonly address: string;
  readonly previous: string;
  readonly module: string;
  readonly action: string;
  readonly reason: string;
  readonly import: boolean;
  readonly changes: readonly Attribute[];
  readonly unchanged: number;
}

export interface Counts {
  readonly add: number;
  readonly change: number;
  readonly destroy: number;
  readonly replace: number;
  readonly import: number;
  readonly move: number;
  readonly forget: number;
  readonly read: number;
}

export interface Plan {
  readonly counts: Counts;
  readonly hasChanges: boolean;
  readonly outputsChanged: number;
  readonly resources: readonly Resource[];
  readonly outputs: readonly Resource[];
  readonly drift: readonly Resource[];
  readonly truncated: boolean;
  /** The plan could not be had as data: the counts mean nothing. */
  readonly unreadable: boolean;
  readonly commit: string;
  readonly workspace: string;
  readonly destroys: boolean;
  readonly serial: number | null;
  readonly version: string;
}

type Doc = Readonly<Record<string, unknown>>;

const object = (value: unknown): Doc =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Doc) : {};
const objects = (value: unknown): Doc[] => (Array.isArray(value) ? value.map(object) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

function attribute(doc: Doc): Attribute {
  return { name: text(doc.name), before: doc.before ?? null, after: doc.after ?? null, replaces: doc.replaces === true };
}

function resource(doc: Doc): Resource {
  return {
    address: text(doc.address),
    previous: text(doc.previous_address),
    module: text(doc.module),
    action: text(doc.action),
    reason: text(doc.reason),
    import: doc.import === true,
    changes: objects(doc.changes).map(attribute),
    unchanged: count(doc.unchanged),
  };
}

/** An output looks like a resource with one attribute. */
function output(doc: Doc): Resource {
  const name = text(doc.name);
  return { ...resource({ address: name, action: doc.action }), changes: [attribute({ ...doc, name: "" })] };
}

/** Reads the result of a plan's stage. What is missing or of another type counts as none. */
export function readPlan(result: unknown): Plan {
  const doc = object(result);
  const bound = object(doc.bound);
  return {
    counts: {
      add: count(doc.add),
      change: count(doc.change),
      destroy: count(doc.destroy),
      replace: count(doc.replace),
      import: count(doc.import),
      move: count(doc.move),
      forget: count(doc.forget),
      read: count(doc.read),
    },
    hasChanges: doc.has_changes === true,
    outputsChanged: count(doc.outputs_changed),
    resources: objects(doc.resources).map(resource),
    outputs: objects(doc.outputs).map(output),
    drift: objects(doc.drift).map(resource),
    truncated: doc.truncated === true,
    unreadable: doc.unreadable === true,
    commit: text(bound.commit),
    workspace: text(bound.workspace),
    destroys: bound.destroy === true,
    serial: typeof bound.state_serial === "number" ? bound.state_serial : null,
    version: text(bound.version),
  };
}

/** The plan that counts: a run that is planned again has several. */
export function lastPlan(stages: readonly Stage[]): Plan | null {
  const made = stages.findLast((stage) => stage.type === "terraform_plan" && stage.result);
  return made === undefined ? null : readPlan(made.result);
}

export interface Group {
  readonly action: string;
  readonly resources: Resource[];
}

/** Resources by what happens to them, dangerous things first; actions nobody knows come last. */
export function groups(resources: readonly Resource[], filter: string): Group[] {
  const wanted = filter.trim().toLowerCase();
  const found = new Map<string, Resource[]>();
  for (const each of resources) {
    if (wanted !== "" && !`${each.address} ${each.action}`.toLowerCase().includes(wanted)) continue;
    found.set(each.action, [...(found.get(each.action) ?? []), each]);
  }
  const rank = (action: string) => {
    const at = (actions as readonly string[]).indexOf(action);
    return at < 0 ? actions.length : at;
  };
  return [...found].map(([action, list]) => ({ action, resources: list })).sort((a, b) => rank(a.action) - rank(b.action));
}

/** A value as a person reads it: texts without quotes, structures with a line for each part. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
