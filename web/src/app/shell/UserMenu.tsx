import { Menu, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  IconApps,
  IconBook2,
  IconKeyboard,
  IconListDetails,
  IconLogout,
  IconServerBolt,
  IconShieldCheck,
  IconUser,
  IconUserCircle,
  IconUsers,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, done, mountUrl } from "@/api/client";
import { live } from "@/api/live";
import { infoQuery, userQuery } from "@/api/queries";
import { sessionClosed } from "@/api/session";
import { type Language, languages, setLanguage } from "@/i18n";
import { MenuLink } from "@/ui/links";
import { toastError } from "@/ui/toast";
import classes from "./Shell.module.css";

const themes = ["auto", "light", "dark"] as const;

const languageNames: Record<Language, string> = { en: "English", ru: "Русский" };

export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const user = useQuery(userQuery());
  const info = useQuery(infoQuery());
  const client = useQueryClient();
  const navigate = useNavigate();

  const signOut = async () => {
    try {
      await done(api.POST("/api/auth/logout"));
    } catch (error) {
      toastError(error);
      return;
    }
    sessionClosed();
    live.stop();
    await navigate({ to: "/auth/login" });
    client.clear();
  };

  return (
    <Menu position="bottom-end" width={240} shadow="md">
      <Menu.Target>
        <button
          type="button"
          className={classes.iconButton}
          aria-label={t("userMenu.label", { name: user.data?.name ?? "" })}
        >
          <IconUserCircle size={22} stroke={1.75} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.data?.name || user.data?.username}</Menu.Label>
        <MenuLink to="/account" leftSection={<IconUser size={16} />}>
          {t("userMenu.account")}
        </MenuLink>
        {user.data?.admin === true && (
          <>
            <MenuLink to="/users" leftSection={<IconUsers size={16} />}>
              {t("nav.users")}
            </MenuLink>
            <MenuLink to="/roles" leftSection={<IconShieldCheck size={16} />}>
              {t("nav.roles")}
            </MenuLink>
            <MenuLink to="/runners" leftSection={<IconServerBolt size={16} />}>
              {t("nav.runners")}
            </MenuLink>
            <MenuLink to="/audit" leftSection={<IconListDetails size={16} />}>
              {t("nav.activity")}
            </MenuLink>
            <MenuLink to="/apps" leftSection={<IconApps size={16} />}>
              {t("nav.apps")}
            </MenuLink>
          </>
        )}
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShortcuts}>
          {t("userMenu.shortcuts")}
        </Menu.Item>
        <Menu.Item
          component="a"
          href={`${mountUrl()}/swagger`}
          target="_blank"
          rel="noopener"
          leftSection={<IconBook2 size={16} />}
        >
          {t("userMenu.api")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("userMenu.theme")}</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(value) => setColorScheme(themes.find((x) => x === value) ?? "auto")}
        >
          {themes.map((value) => (
            <Menu.RadioItem key={value} value={value}>
              {t(`userMenu.themes.${value}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t("userMenu.language")}</Menu.Label>
        <Menu.RadioGroup
          value={i18n.language}
          onChange={(value) => void setLanguage(languages.find((x) => x === value) ?? "en")}
        >
          {languages.map((language) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {languageNames[language]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {t("userMenu.signOut")}
        </Menu.Item>
        {info.data?.version && <Menu.Label className="mono">{info.data.version}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
