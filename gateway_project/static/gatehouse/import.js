/*
 * The upload of a file of users: in parts of a megabyte, so that none is large for any server
 * in between, and one that gets lost is sent again.
 */
document.addEventListener("alpine:init", () => {
  const TRIES = 5;
  const REST_MILLISECONDS = 1000;
  const NO_ANSWER = "The gateway does not answer. Press Upload to go on where it was broken off.";

  const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MILLISECONDS));

  class Refused extends Error {}

  /* Posts, again where no answer comes; answers what the gateway says. */
  const post = async (url, body, token) => {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const response = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body });
        if (response.ok) {
          return response.status === 204 ? {} : await response.json();
        }
        if (response.status < 500) {
          const told = await response.json().catch(() => ({}));
          throw new Refused(told.problem ?? `The gateway refuses it (${response.status}). Log in again.`);
        }
      } catch (error) {
        if (error instanceof Refused) {
          throw error;
        }
      }
      await rest();
    }
    throw new Error(NO_ANSWER);
  };

  Alpine.data("userImport", () => ({
    busy: false,
    percent: 0,
    problem: "",
    begun: null,

    async upload() {
      const [file] = this.$root.elements.file.files;
      this.busy = true;
      this.problem = "";
      try {
        await this.send(file);
      } catch (error) {
        this.problem = error.message;
        this.busy = false;
      }
    },

    async send(file) {
      const form = new FormData(this.$root);
      const token = form.get("csrfmiddlewaretoken");
      const partBytes = Number(this.$root.dataset.partBytes);
      if (this.begun?.file !== file) {
        form.delete("file");
        form.set("file_name", file.name);
        form.set("size", file.size);
        this.begun = { file, next: 0, ...(await post("", form, token)) };
      }
      const begun = this.begun;
      for (; begun.next * partBytes < file.size; begun.next += 1) {
        const part = file.slice(begun.next * partBytes, (begun.next + 1) * partBytes);
        await post(`${begun.parts}${begun.next}/`, part, token);
        this.percent = Math.floor(Math.min(100, ((begun.next + 1) * partBytes * 100) / file.size));
      }
      const { page } = await post(begun.complete, new FormData(), token);
      window.location.assign(page);
    },
  }));
});
