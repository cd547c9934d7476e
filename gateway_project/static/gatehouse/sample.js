/*
 * A click on a value of a pasted webhook puts its place into the chosen field of the form, and the
 * webhook is read again with it.
 */
document.addEventListener("click", (event) => {
  "use strict";

  const value = event.target.closest("[data-sample-path]");
  const target = document.getElementById("sample-target");
  const field = value && target && document.querySelector(`[name="${target.value}"]`);
  if (!field) {
    return;
  }
  const group = field.closest("details");
  if (group) {
    group.open = true;
  }
  field.value = value.dataset.samplePath;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  target.selectedIndex = Math.min(target.selectedIndex + 1, target.options.length - 1);
  document.getElementById("read-sample").click();
});
