import type { Explanation } from "@/api/types";

export type Command = NonNullable<Explanation["commands"]>[number];

const plain = /^[A-Za-z0-9_@%+=:,./<>*-]+$/;

/** An argument as a shell would have to be given it. Paths in <> and masked values stay readable. */
export function quote(argument: string): string {
  return plain.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** The command as one line. */
export function commandLine({ program, args }: Pick<Command, "program" | "args">): string {
  return [program, ...(args ?? [])].map(quote).join(" ");
}

/** A value with its type to be seen: texts in quotes only where they could be taken for something else. */
export function exactValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "null";
  const otherwise = value === "" || value !== value.trim() || /^(-?\d+(\.\d+)?|true|false|null|[[{].*)$/s.test(value);
  return otherwise ? JSON.stringify(value) : value;
}
