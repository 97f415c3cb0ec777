import { Button } from "@mantine/core";
import { useIntersection, useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconFilterOff } from "@tabler/icons-react";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { useRowKeys } from "@/ui/useRowKeys";
import { runsQuery } from "./api";
import { matchesStatus, statusesOf, type RunsSearch } from "./filters";
import { RunCards, RunRows } from "./RunRows";
import classes from "./runs.module.css";

interface Props {
  readonly projectId: number;
  readonly search?: RunsSearch;
  /** Shown when there is no run at all. */
  readonly empty: ReactNode;
  readonly onClear?: () => void;
  /** Leaves the template's name out, for the page of one template. */
  readonly withoutTemplate?: boolean;
}

const NO_FILTER: RunsSearch = { chips: [], template: null, q: "", mine: false };

/** The history of a project or of one template; reaches back as one scrolls and stays up to date. */
export function RunsList({ projectId, search = NO_FILTER, empty, onClear, withoutTemplate = false }: Props) {
  const { t } = useTranslation("runs");
  const phone = useMediaQuery("(max-width: 767px)", undefined, { getInitialValueInEffect: false });
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  const statuses = useMemo(() => statusesOf(search.chips), [search.chips]);
  const me = useQuery({ ...userQuery(), enabled: search.mine });
  const runs = useInfiniteQuery({
    ...runsQuery(projectId, { status: statuses, template: search.template, q: search.q, user: search.mine ? (me.data?.id ?? null) : null }),
    enabled: !search.mine || me.data !== undefined,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => {
    const all = (runs.data?.pages ?? []).flatMap((page) => page.rows);
    // Pages are fetched one after another; a run that starts in between must not show twice.
    const unique = [...new Map(all.map((row) => [row.id, row])).values()];
    return unique.filter((row) => matchesStatus(row, statuses));
  }, [runs.data, statuses]);

  if (runs.data === undefined) {
    if (runs.error) return <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />;
    return (
      <div className={classes.frame}>
        <RowsSkeleton rows={8} />
      </div>
    );
  }
  const filtered = search.chips.length > 0 || search.q !== "" || search.mine || (search.template !== null && !withoutTemplate);
  const nothing = rows.length === 0 && !runs.hasNextPage;
  if (nothing && !filtered) return <div className={classes.frame}>{empty}</div>;
  return (
    <>
      <div className={classes.frame} ref={body}>
        {nothing && (
          <Empty
            icon={<IconFilterOff size={28} />}
            title={t("common:table.noMatch")}
            text={t("runs.noMatchText")}
            action={
              onClear && (
                <Button variant="default" onClick={onClear}>
                  {t("common:table.clearFilter")}
                </Button>
              )
            }
          />
        )}
        {rows.length > 0 && (phone ? <RunCards projectId={projectId} rows={rows} /> : <RunRows projectId={projectId} rows={rows} withoutTemplate={withoutTemplate} />)}
      </div>
      <More
        more={runs.hasNextPage}
        busy={runs.isFetchingNextPage}
        failed={runs.isFetchNextPageError}
        onMore={() => void runs.fetchNextPage()}
      />
    </>
  );
}

interface MoreProps {
  readonly more: boolean;
  readonly busy: boolean;
  readonly failed: boolean;
  readonly onMore: () => void;
}

/** Loads older runs when the end of the list comes near; a button for those who do not scroll. */
function More({ more, busy, failed, onMore }: MoreProps) {
  const { t } = useTranslation("runs");
  const { ref, entry } = useIntersection({ rootMargin: "400px" });
  const near = entry?.isIntersecting === true;
  useEffect(() => {
    if (near && more && !busy && !failed) onMore();
  }, [near, more, busy, failed, onMore]);
  if (!more) return null;
  return (
    <div ref={ref} className={classes.more}>
      <Button variant="default" size="compact-sm" loading={busy} onClick={onMore}>
        {t(failed ? "common:actions.retry" : "runs.older")}
      </Button>
    </div>
  );
}
