/*
 * The theme's toggles are spans and its icons are words: here the keyboard and the ear get theirs.
 */
(() => {
  "use strict";

  const NAMES = {dock_to_right: "Menu", more_horiz: "More", more_vert: "More", arrow_back: "Back"};
  const TOGGLES = "span[x-on\\:click], .cursor-pointer[x-on\\:click]";
  const WORK_ALREADY = "a[href], button, input, label, select, summary";

  const nameByIcon = (control, icon) => {
    const isNameless =
      !control.ariaLabel && !control.title && control.textContent.trim() === icon;
    if (isNameless) {
      control.ariaLabel = NAMES[icon] ?? icon.replaceAll("_", " ");
    }
  };

  const hideIcon = (icon) => {
    const control = icon.closest("a, button, [role=button]");
    if (control) {
      nameByIcon(control, icon.textContent.trim());
    }
    if (control !== icon) {
      icon.ariaHidden = "true";
    }
  };

  const makeButton = (toggle) => {
    toggle.role = "button";
    toggle.tabIndex = 0;
    toggle.addEventListener("keydown", (event) => {
      if (event.target === toggle && ["Enter", " "].includes(event.key)) {
        event.preventDefault();
        toggle.click();
      }
    });
  };

  const mend = (root) => {
    for (const toggle of root.querySelectorAll(TOGGLES)) {
      if (!toggle.matches(WORK_ALREADY) && toggle.role !== "button") {
        makeButton(toggle);
      }
    }
    root.querySelectorAll(".material-symbols-outlined").forEach(hideIcon);
  };

  document.addEventListener("DOMContentLoaded", () => mend(document));
  document.addEventListener("htmx:load", (event) => mend(event.target));
})();
