/*
 * Rows of a form that have an order: they are added, and moved by buttons or by dragging.
 * Each row's `position` field says its place. None is taken out: they are marked for removal.
 */
(() => {
  "use strict";

  const rowsOf = (list) => [...list.querySelectorAll("[data-row]")];

  const tell = (list, text) => {
    list.closest("[data-ordered]").querySelector("[data-order-told]").textContent = text;
  };

  const number = (list) => {
    rowsOf(list).forEach((row, index) => {
      row.querySelector("[name$='-position']").value = index;
      row.querySelector("[data-row-number]").textContent = index + 1;
    });
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const add = (list) => {
    const ordered = list.closest("[data-ordered]");
    const total = ordered.querySelector("[name$='-TOTAL_FORMS']");
    const holder = document.createElement("div");
    holder.innerHTML = ordered
      .querySelector("template")
      .innerHTML.replaceAll("__prefix__", total.value);
    total.value = Number(total.value) + 1;
    const row = list.appendChild(holder.firstElementChild);
    number(list);
    row.querySelector("input:not([type=hidden])").focus();
  };

  const move = (button) => {
    const row = button.closest("[data-row]");
    const list = row.parentElement;
    const rows = rowsOf(list);
    const to = rows.indexOf(row) + Number(button.dataset.move);
    if (to < 0 || to >= rows.length) {
      return;
    }
    rows[to].insertAdjacentElement(button.dataset.move < 0 ? "beforebegin" : "afterend", row);
    number(list);
    tell(list, `Now number ${to + 1} of ${rows.length}`);
    button.focus();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move], [data-add]");
    if (button?.dataset.move) {
      move(button);
    } else if (button) {
      add(document.getElementById(button.dataset.add));
    }
  });

  document.addEventListener("rows-sorted", (event) => number(event.target));
})();
