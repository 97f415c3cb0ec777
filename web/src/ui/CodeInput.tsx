import { TextInput, type TextInputProps } from "@mantine/core";

/** A line that machines read: fixed pitch, nothing corrected or remembered. */
export function CodeInput(props: TextInputProps) {
  return (
    <TextInput
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      classNames={{ input: "mono" }}
      {...props}
    />
  );
}
