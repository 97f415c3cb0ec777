import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { projectQuery } from "@/api/queries";

/** The project of the current address, if it has one. */
export function useCurrentProject() {
  const { pid } = useParams({ strict: false });
  const valid = pid !== undefined && Number.isInteger(pid);
  const project = useQuery({ ...projectQuery(pid ?? 0), enabled: valid });
  return { pid: valid ? pid : undefined, project: project.data };
}
