import { Skeleton } from "@mantine/core";
import { RowsSkeleton } from "./States";

/** Stands in for a page whose code or data is on its way. */
export function PageSkeleton() {
  return (
    <div>
      <Skeleton height={28} width={220} mb={16} radius={4} />
      <RowsSkeleton rows={6} />
    </div>
  );
}
