import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { userQuery } from "@/api/queries";

/** Kinds of objects whose lists open a drawer for one of them. */
const drawers = {
  inventory: "/project/$pid/inventory",
  repository: "/project/$pid/repositories",
  key: "/project/$pid/keys",
  access_key: "/project/$pid/keys",
  host_config: "/project/$pid/host_configs",
  environment: "/project/$pid/environment",
  runner: "/project/$pid/runners",
  schedule: "/project/$pid/schedule",
} as const;

/** The kind of an object as the server names it, in the singular. */
export function kindOf(type: string): string {
  return type.replace(/ies$/, "y").replace(/s$/, "");
}

type Props = {
  /** 0: the object belongs to no project. */
  project: number;
  type: string;
  id: number;
  children: ReactNode;
  onClick?: () => void;
};

/** Leads to where an object is shown; plain text when there is no such place, or not for this user. */
export function ObjectLink({ project, type, id, children, onClick }: Props) {
  const me = useQuery(userQuery());
  const admin = me.data?.admin === true;
  const kind = kindOf(type);
  const common = { onClick, children };
  const open = { open: id };
  if (kind === "user") return admin ? <Link to="/users" search={open} {...common} /> : children;
  if (project === 0) {
    if (kind === "role" && admin) return <Link to="/roles" {...common} />;
    return kind === "runner" && admin ? <Link to="/runners" search={open} {...common} /> : children;
  }
  const params = { pid: project };
  if (kind === "project") return <Link to="/project/$pid" params={params} {...common} />;
  if (kind === "role") return <Link to="/project/$pid/roles" params={params} {...common} />;
  if (kind === "invite") return <Link to="/project/$pid/team" params={params} {...common} />;
  if (kind === "template") return <Link to="/project/$pid/templates/$id" params={{ ...params, id }} {...common} />;
  if (kind === "task") return <Link to="/project/$pid/tasks/$tid" params={{ ...params, tid: id }} {...common} />;
  if (kind === "integration") return <Link to="/project/$pid/integrations/$id" params={{ ...params, id }} {...common} />;
  const drawer = Object.hasOwn(drawers, kind) ? drawers[kind as keyof typeof drawers] : undefined;
  return drawer ? <Link to={drawer} params={params} search={open} {...common} /> : children;
}
