/*
 * The calls of a set-up sheet: what is typed into the boxes stands in them at once, quoted for
 * JSON and for the shell. It stays in this page and is sent nowhere.
 */
document.addEventListener("alpine:init", () => {
  const forShell = (text) => text.replaceAll("'", "'\\''");
  const forJson = (text) => JSON.stringify(text).slice(1, -1);

  Alpine.data("setupSheet", () => ({
    inBody: {},
    inHeaders: {},

    filled(command) {
      return command.replace(/<([\w-]+)>/g, (place, name) => {
        if (this.inBody[name]) {
          return forShell(forJson(this.inBody[name]));
        }
        return this.inHeaders[name] ? forShell(this.inHeaders[name]) : place;
      });
    },
  }));
});
