import { Badge, Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconEdit, IconPlus, IconUsers } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { type Column, DataTable } from "@/ui/DataTable";
import { FormDrawer } from "@/ui/form";
import { OpenLink } from "@/ui/OpenLink";
import { PageHeader } from "@/ui/PageHeader";
import { RowMenu } from "@/ui/RowMenu";
import { Empty, RowsSkeleton } from "@/ui/States";
import { RelativeTime } from "@/ui/Time";
import { useDelete } from "@/ui/useDelete";
import { useOpen } from "@/ui/useOpen";
import { deleteUser, type UserRow, usersKeys, usersQuery } from "./api";
import { UserAccess } from "./UserAccess";
import { UserForm } from "./UserForm";

/** The accounts of the server, for administrators. */
export default function UsersPage() {
  const { t } = useTranslation("users");
  const me = useQuery(userQuery());
  const drawer = useOpen();
  const admin = me.data?.admin === true;
  const body = () => {
    if (me.data === undefined) return <RowsSkeleton />;
    if (!admin) return <Empty title={t("forbidden.title")} text={t("forbidden.text")} />;
    return <Users me={me.data.id} />;
  };
  return (
    <>
      <PageHeader
        title={t("title")}
        description={t("description")}
        actions={
          admin && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => drawer.show("new")} data-create>
              {t("create")}
            </Button>
          )
        }
      />
      {body()}
    </>
  );
}

function Users({ me }: { me: number }) {
  const { t } = useTranslation("users");
  const client = useQueryClient();
  const users = useQuery(usersQuery());
  const drawer = useOpen();
  const deleting = useDelete<{ id: number; name: string }>({
    project: 0,
    warning: t("deleteText"),
    remove: (user) => deleteUser(user.id),
    onDone: () => client.invalidateQueries({ queryKey: usersKeys.all }),
  });
  const columns = useMemo<Column<UserRow>[]>(
    () => [
      { id: "username", header: t("username"), sort: (u) => u.username, render: (u) => <OpenLink id={u.id}>{u.username}</OpenLink> },
      { id: "name", header: t("name"), sort: (u) => u.name, render: (u) => u.name },
      { id: "email", header: t("email"), sort: (u) => u.email ?? "", optional: true, render: (u) => u.email },
      { id: "marks", header: t("state"), sort: marks, render: (u) => <Marks user={u} /> },
      {
        id: "created", header: t("created"), numeric: true, optional: true,
        sort: (u) => u.created ?? "", render: (u) => u.created && <RelativeTime iso={u.created} />,
      },
    ],
    [t],
  );
  const item = typeof drawer.open === "number" ? users.data?.find((u) => u.id === drawer.open) : undefined;
  const opened = drawer.open === "new" || item !== undefined;
  return (
    <>
      <DataTable
        label={t("title")}
        query={users}
        columns={columns}
        rowKey={(u) => u.id}
        text={(u) => `${u.username} ${u.name} ${u.email ?? ""}`}
        card={(u) => ({
          title: <OpenLink id={u.id}>{u.username}</OpenLink>,
          meta: [u.name, u.email].filter(Boolean).join(" · "),
          aside: <Marks user={u} />,
        })}
        actions={(u) => (
          <RowMenu
            name={u.username}
            onDelete={u.id === me ? undefined : () => deleting.ask({ id: u.id, name: u.username })}
          >
            <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => drawer.show(u.id)}>
              {t("actions.edit")}
            </Menu.Item>
          </RowMenu>
        )}
        defaultSort="username"
        empty={<Empty icon={<IconUsers size={28} stroke={1.5} />} title={t("empty")} />}
      />
      <FormDrawer opened={opened} onClose={drawer.close} title={item ? item.username : t("create")}>
        {opened && (
          <div key={item?.id ?? "new"}>
            <UserForm item={item} own={item?.id === me} onClose={drawer.close} onSaved={drawer.closed} />
            {item && item.id !== me && <UserAccess user={item} />}
          </div>
        )}
      </FormDrawer>
      {deleting.dialog}
    </>
  );
}

const marks = (u: UserRow) => (u.disabled ? 2 : u.admin ? 0 : 1);

function Marks({ user }: { user: UserRow }) {
  const { t } = useTranslation("users");
  return (
    <span style={{ display: "inline-flex", flexWrap: "wrap", gap: 4 }}>
      {user.admin && <Badge variant="light">{t("admin")}</Badge>}
      {user.external && <Badge variant="default">{t("external")}</Badge>}
      {user.must_change_password && <Badge variant="default">{t("mustChangeMark")}</Badge>}
      {user.disabled && (
        <Badge variant="default" color="gray">
          {t("disabledMark")}
        </Badge>
      )}
    </span>
  );
}
