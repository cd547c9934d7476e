/*
 * Buttons that copy: `data-copy` names the element whose text or value is meant.
 * Where the browser keeps the clipboard from us, the text is selected for the person to copy.
 */
(() => {
  "use strict";

  const SHOWN_FOR = 2000;

  const textOf = (source) => ("value" in source ? source.value : source.textContent.trim());

  const select = (source) => {
    if ("select" in source) {
      source.focus();
      source.select();
    } else {
      getSelection().selectAllChildren(source);
    }
  };

  const copy = async (source) => {
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(textOf(source));
        return true;
      } catch {
        // Not allowed here: the older way is left.
      }
    }
    select(source);
    return document.execCommand("copy");
  };

  const tell = (button, text) => {
    const told = button.querySelector("[data-copy-told]");
    told.dataset.words ??= told.textContent;
    told.textContent = text;
    clearTimeout(button.copyTold);
    button.copyTold = setTimeout(() => {
      told.textContent = told.dataset.words;
    }, SHOWN_FOR);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (source) {
      tell(button, (await copy(source)) ? "Copied" : "Selected: press Ctrl+C");
    }
  });
})();
