import { Button, type ButtonProps, Menu, type MenuItemProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, forwardRef } from "react";

type Anchor<P> = P & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof P>;

/** A button that navigates: a real link, so that it opens in a new tab and copies. */
export const ButtonLink = createLink(
  forwardRef<HTMLAnchorElement, Anchor<ButtonProps>>(function ButtonLink(props, ref) {
    return <Button component="a" ref={ref} {...props} />;
  }),
);

/** An entry of a menu that navigates. */
export const MenuLink = createLink(
  forwardRef<HTMLAnchorElement, Anchor<MenuItemProps>>(function MenuLink(props, ref) {
    return <Menu.Item component="a" ref={ref} {...props} />;
  }),
);
