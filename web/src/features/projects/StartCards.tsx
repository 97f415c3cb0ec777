import { Button, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconFolderPlus, IconRestore, IconSparkles } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ButtonLink } from "@/ui/links";
import { toastError } from "@/ui/toast";
import { useCreateProject } from "./api";
import classes from "./projects.module.css";

/** One click to a project that has something to run. */
export function DemoCard() {
  const { t } = useTranslation("projects");
  const navigate = useNavigate();
  const create = useCreateProject();
  const [name, setName] = useState("");
  const start = () =>
    create.mutate(
      { name: name.trim() || t("demo.name"), demo: true },
      {
        onSuccess: (project) =>
          void navigate({ to: "/project/$pid/templates", params: { pid: project.id } }),
        onError: toastError,
      },
    );
  return (
    <section className={classes.startCard}>
      <IconSparkles size={24} stroke={1.75} className={classes.startIcon} aria-hidden />
      <h2>{t("demo.title")}</h2>
      <p>{t("demo.text")}</p>
      <TextInput
        label={t("fields.name")}
        value={name}
        placeholder={t("demo.name")}
        onChange={(event) => setName(event.currentTarget.value)}
        mb="md"
      />
      <Button onClick={start} loading={create.isPending}>
        {t("demo.submit")}
      </Button>
    </section>
  );
}

export function StartCards() {
  const { t } = useTranslation(["projects", "backup"]);
  return (
    <div className={classes.startCards}>
      <DemoCard />
      <section className={classes.startCard}>
        <IconFolderPlus size={24} stroke={1.75} className={classes.startIcon} aria-hidden />
        <h2>{t("new.title")}</h2>
        <p>{t("new.card")}</p>
        <ButtonLink to="/projects/new" variant="default">
          {t("new.title")}
        </ButtonLink>
      </section>
      <section className={classes.startCard}>
        <IconRestore size={24} stroke={1.75} className={classes.startIcon} aria-hidden />
        <h2>{t("backup:restore.title")}</h2>
        <p>{t("backup:restore.card")}</p>
        <ButtonLink to="/projects/restore" variant="default">
          {t("backup:restore.title")}
        </ButtonLink>
      </section>
    </div>
  );
}
