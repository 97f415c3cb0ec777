import type { GetInputPropsReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { CodeInput } from "@/ui/CodeInput";
import { Segments } from "@/ui/Segments";
import { bodyTypes, keyed, places } from "./values";

type Props = {
  place: GetInputPropsReturnType;
  bodyType: GetInputPropsReturnType;
  name: GetInputPropsReturnType;
  values: { place: string; bodyType: string };
  readOnly: boolean;
};

/** Where in a call something is looked for; the same for matchers and values. */
export function Lookup({ place, bodyType, name, values, readOnly }: Props) {
  const { t } = useTranslation("automation");
  const header = values.place === "header";
  return (
    <>
      <Segments
        label={t("lookup.place")}
        disabled={readOnly}
        data={places.map((value) => ({ value, label: t(`lookup.places.${value}`) }))}
        {...place}
      />
      {!header && (
        <Segments
          label={t("lookup.bodyType")}
          help={t(`lookup.bodyTypeHelp.${values.bodyType}`)}
          disabled={readOnly}
          data={bodyTypes.map((value) => ({ value, label: t(`lookup.bodyTypes.${value}`) }))}
          {...bodyType}
        />
      )}
      {keyed(values.place, values.bodyType) && (
        <CodeInput
          label={t(header ? "lookup.header" : "lookup.path")}
          description={t(header ? "lookup.headerHelp" : "lookup.pathHelp")}
          required
          maxLength={255}
          {...name}
        />
      )}
    </>
  );
}
