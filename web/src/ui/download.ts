/** Hands a file to the browser as it came from the server. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
}

export function downloadText(name: string, text: string): void {
  download(new Blob([text], { type: "text/plain" }), name);
}
