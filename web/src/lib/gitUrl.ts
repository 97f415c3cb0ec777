/** How git reaches an address; the server decides the same way. */
export type Transport = "empty" | "local" | "file" | "https" | "http" | "ssh" | "git" | "other";

export function transport(url: string): Transport {
  const address = url.trim();
  if (address === "") return "empty";
  if (address.startsWith("/")) return "local";
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1].toLowerCase();
  if (!scheme) return "ssh";
  const known: Transport[] = ["file", "https", "http", "ssh", "git"];
  return known.find((name) => name === scheme) ?? "other";
}

/** Whether the server lists the branches of an address; it does not for its own folders. */
export function hasBranches(url: string): boolean {
  return !["empty", "local", "file", "other"].includes(transport(url));
}
