import { api, data, done, ifMatch } from "@/api/client";
import type { Template } from "@/api/types";
import { templateBody, type TemplateValues } from "./values";

/** Creates or replaces a template; answers its id. */
export async function saveTemplate(
  project: number,
  values: TemplateValues,
  original?: Template,
): Promise<number> {
  const body = templateBody(project, values, original);
  if (original) {
    await done(
      api.PUT("/api/project/{project_id}/templates/{template_id}", {
        params: { path: { project_id: project, template_id: original.id } },
        headers: ifMatch(original),
        body,
      }),
    );
    return original.id;
  }
  const created = await data(
    api.POST("/api/project/{project_id}/templates", {
      params: { path: { project_id: project } },
      body,
    }),
  );
  return created.id;
}

export async function deleteTemplate(project: number, id: number): Promise<void> {
  await done(
    api.DELETE("/api/project/{project_id}/templates/{template_id}", {
      params: { path: { project_id: project, template_id: id } },
    }),
  );
}
