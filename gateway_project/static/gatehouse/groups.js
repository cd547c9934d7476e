/*
 * What is wrong with a form is read out first. A link in it to a field brings that to light, in
 * whatever tab and group it stands, and puts the cursor in.
 */
window.addEventListener("load", () => document.getElementById("problems")?.focus());

document.addEventListener("click", (event) => {
  "use strict";

  const link = event.target.closest('#problems a[href^="#"]');
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) {
    return;
  }
  event.preventDefault();
  const tab = field.closest(".tab-wrapper");
  document.querySelector(`[aria-controls="${tab?.id}"]`)?.click();
  const group = field.closest("details");
  if (group) {
    group.open = true;
  }
  // The theme shows a tab in the next frame, and what is hidden takes no cursor.
  requestAnimationFrame(() => requestAnimationFrame(() => field.focus()));
});
