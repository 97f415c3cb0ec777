import { api, data, done, ifMatch } from "@/api/client";
import type { Inventory, Template } from "@/api/types";
import { templateBody, type TemplateValues } from "./values";
import { workspaceBody, type WorkspaceValues } from "./workspace";

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

/** Creates, attaches or changes a workspace of a template. */
export async function saveWorkspace(
  project: number,
  template: Template,
  values: WorkspaceValues,
  item?: Inventory,
): Promise<void> {
  if (values.mode === "attach") {
    await workspaceAction(project, template.id, values.existing ?? 0, "attach");
    return;
  }
  const body = workspaceBody(project, template, values, item);
  if (item) {
    await done(
      api.PUT("/api/project/{project_id}/inventory/{inventory_id}", {
        params: { path: { project_id: project, inventory_id: item.id } },
        body,
      }),
    );
    return;
  }
  await done(
    api.POST("/api/project/{project_id}/inventory", { params: { path: { project_id: project } }, body }),
  );
}

export async function workspaceAction(
  project: number,
  template: number,
  inventory: number,
  action: "attach" | "detach" | "set_default",
): Promise<void> {
  await done(
    api.POST(`/api/project/{project_id}/templates/{template_id}/inventory/{inventory_id}/${action}`, {
      params: { path: { project_id: project, template_id: template, inventory_id: inventory } },
    }),
  );
}
