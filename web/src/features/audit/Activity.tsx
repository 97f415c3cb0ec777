import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconFilterOff, IconListDetails } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { More } from "@/ui/More";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { useRowKeys } from "@/ui/useRowKeys";
import { activityQuery, type Scope } from "./api";
import classes from "./audit.module.css";
import { EventRow } from "./EventRow";
import { Filters } from "./Filters";
import { type AuditSearch, isFiltered, NO_FILTER, parseAuditSearch, writeAuditSearch } from "./filters";

/** The filters in the address. */
export function useAuditSearch(): [AuditSearch, (search: AuditSearch) => void] {
  const address = useSearch({ strict: false });
  const navigate = useNavigate();
  const search = useMemo(() => parseAuditSearch(address), [address]);
  const set = (next: AuditSearch) =>
    void navigate({ to: ".", search: writeAuditSearch(next), replace: true, resetScroll: false });
  return [search, set];
}

/** What happened, newest first, with its filters. */
export function Activity({ scope }: { scope: Scope }) {
  const { t } = useTranslation("audit");
  const [search, setSearch] = useAuditSearch();
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  const events = useInfiniteQuery(activityQuery(scope, search));
  const rows = useMemo(() => {
    const all = (events.data?.pages ?? []).flatMap((page) => page.rows);
    // Pages are fetched one after another; what is new in between must not show twice.
    return [...new Map(all.map((row) => [row.id, row])).values()];
  }, [events.data]);
  const list = () => {
    if (events.data === undefined) {
      if (events.error) return <ErrorState error={events.error} onRetry={() => void events.refetch()} />;
      return <RowsSkeleton rows={8} />;
    }
    if (rows.length > 0) {
      return (
        <ol className={classes.events} aria-label={t("title")}>
          {rows.map((row) => (
            <EventRow key={row.id} event={row} everywhere={scope.project === undefined} />
          ))}
        </ol>
      );
    }
    if (!isFiltered(search)) {
      return <Empty icon={<IconListDetails size={28} stroke={1.5} />} title={t("empty")} text={t("emptyText")} />;
    }
    return (
      <Empty
        icon={<IconFilterOff size={28} />}
        title={t("noMatch")}
        text={t("noMatchText")}
        action={
          <Button variant="default" onClick={() => setSearch(NO_FILTER)}>
            {t("filter.clear")}
          </Button>
        }
      />
    );
  };
  return (
    <>
      <Filters project={scope.project} search={search} onChange={setSearch} />
      <div className={classes.frame} ref={body}>
        {list()}
      </div>
      <More
        label={t("older")}
        more={events.hasNextPage}
        busy={events.isFetchingNextPage}
        failed={events.isFetchNextPageError}
        onMore={() => void events.fetchNextPage()}
      />
    </>
  );
}
