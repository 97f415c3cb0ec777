import { SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useId } from "react";
import classes from "./Segments.module.css";

type Props = {
  label: string;
  help?: string;
  data: { value: string; label: string }[];
  disabled?: boolean;
  value?: string;
  onChange?: (value: string) => void;
};

/** One of a few choices, side by side; below each other on a phone. */
export function Segments({ label, help, ...rest }: Props) {
  const id = useId();
  const phone = useMediaQuery("(max-width: 479px)", undefined, { getInitialValueInEffect: false });
  return (
    <div>
      <p id={id} className={classes.label}>
        {label}
      </p>
      <SegmentedControl
        fullWidth
        aria-labelledby={id}
        orientation={phone ? "vertical" : "horizontal"}
        classNames={{ label: classes.choice }}
        {...rest}
      />
      {help && <p className={classes.help}>{help}</p>}
    </div>
  );
}
