import { Textarea, type TextareaProps } from "@mantine/core";

/** A field for text that machines read: fixed pitch, no spelling, no wrapping. */
export function CodeArea(props: TextareaProps) {
  return (
    <Textarea
      autosize
      minRows={8}
      maxRows={24}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      wrap="off"
      classNames={{ input: "mono" }}
      {...props}
    />
  );
}
