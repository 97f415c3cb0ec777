import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** The way back: the list of templates and, on its edit page, the template. */
export function TemplatesTrail({
  project,
  template,
}: {
  project: number;
  template?: { id: number; name: string };
}) {
  const { t } = useTranslation("templates");
  return (
    <nav aria-label={t("trail")}>
      <Link to="/project/$pid/templates" params={{ pid: project }}>
        {t("title")}
      </Link>
      {template && (
        <>
          {" / "}
          <Link to="/project/$pid/templates/$id" params={{ pid: project, id: template.id }}>
            {template.name}
          </Link>
        </>
      )}
    </nav>
  );
}
