import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, done } from "@/api/client";
import { projectKeys } from "@/api/queries";
import type { ProjectInput } from "@/api/types";

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: ProjectInput) => data(api.POST("/api/projects", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: projectKeys.all }),
  });
}

export async function updateProject(id: number, body: ProjectInput): Promise<void> {
  await done(
    api.PUT("/api/project/{project_id}", {
      params: { path: { project_id: id } },
      body: { ...body, id },
    }),
  );
}

export async function deleteProject(id: number): Promise<void> {
  await done(api.DELETE("/api/project/{project_id}", { params: { path: { project_id: id } } }));
}
