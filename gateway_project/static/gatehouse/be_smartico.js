/*
 * Be Smartico: writes requests, posts them as Smartico does, and shows what is answered.
 * The key goes into the Authorization header and nowhere else.
 */
(() => {
  "use strict";

  const NO_ID = "00000000-0000-0000-0000-000000000000";

  const SCENARIOS = {
    good: {
      title: "Good",
      explanation: "Answered with 0 and an ext_message_id; then the callbacks come.",
    },
    wrong_key: {
      title: "Wrong key",
      explanation: "Answered with 10: not authorised.",
    },
    unknown_user: {
      title: "Unknown user",
      explanation: "Answered with 1: the user was not found.",
      change: (body) => ({ ...body, ext_user_id: `nobody-${crypto.getRandomValues(new Uint32Array(1))}` }),
    },
    preview: {
      title: "Preview mail",
      explanation: "Goes to the address in it, which must be in one of the label's preview domains.",
      mailOnly: true,
    },
    repeat: {
      title: "Repeat",
      explanation: "Posted twice with one uid: both are answered with the same id, and one is sent.",
      times: 2,
    },
    broken: {
      title: "Broken JSON",
      explanation: "Answered with 20, and the position of the fault.",
      spoil: (text) => text.slice(0, Math.floor(text.length / 2)),
    },
  };

  const newUid = () => {
    const bytes = [...crypto.getRandomValues(new Uint8Array(12))];
    return `be-smartico-${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  };

  const pretty = (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };

  const idIn = (text) => {
    try {
      return JSON.parse(text).ext_message_id ?? "";
    } catch {
      return "";
    }
  };

  const ask = async (path, authorization, body) => {
    const began = performance.now();
    const response = await fetch(path, {
      method: "POST",
      headers: { Authorization: authorization, "Content-Type": "application/json" },
      body,
      credentials: "omit",
      cache: "no-store",
    });
    const text = await response.text();
    return { status: response.status, text, milliseconds: performance.now() - began };
  };

  const desk = () => ({
    kinds: JSON.parse(document.getElementById("kinds").textContent),
    chosen: 0,
    scenario: "good",
    userId: "",
    previewAddress: "",
    body: "",
    busy: false,
    exchanges: [],

    init() {
      this.userId = this.$root.dataset.userId;
      const domain = this.$root.dataset.previewDomain;
      this.previewAddress = domain ? `test@${domain}` : "";
      this.write();
    },

    get kind() {
      return this.kinds[this.chosen];
    },

    get scenarios() {
      const isMail = this.kind.uid === "email_uid";
      return Object.entries(SCENARIOS)
        .filter(([, entry]) => isMail || !entry.mailOnly)
        .map(([name, entry]) => ({ name, title: entry.title }));
    },

    get explanation() {
      return SCENARIOS[this.scenario].explanation;
    },

    choose(index) {
      this.chosen = index;
      if (!this.scenarios.some((entry) => entry.name === this.scenario)) {
        this.scenario = "good";
      }
      this.write();
    },

    play(name) {
      this.scenario = name;
      this.write();
    },

    write() {
      const { change, spoil } = SCENARIOS[this.scenario];
      let body = { ext_user_id: this.userId, ...this.kind.body, [this.kind.uid]: newUid() };
      const callbackUrl = this.$refs.callbackUrl.value.trim();
      if (callbackUrl) {
        body.callback_url = callbackUrl;
      }
      if (this.scenario === "preview") {
        body = {
          ...body,
          ext_user_id: this.userId || "preview",
          activity_type: "preview",
          to_email_address: this.previewAddress,
        };
      }
      const text = JSON.stringify(change ? change(body) : body, null, 2);
      this.body = spoil ? spoil(text) : text;
    },

    async post() {
      this.busy = true;
      const ids = [];
      for (let time = 0; time < (SCENARIOS[this.scenario].times ?? 1); time += 1) {
        ids.push(await this.exchange(ids));
      }
      this.busy = false;
      this.refresh();
    },

    /* Posts once; answers the id of the message. One that has been shown already is not followed twice. */
    async exchange(earlier) {
      const key = this.$refs.authorization.value;
      const authorization = this.scenario === "wrong_key" ? `wrong-${key}` : key;
      const shown = { number: this.exchanges.length + 1, title: this.titleOf(earlier), id: "" };
      try {
        const answer = await ask(this.kind.path, authorization, this.body);
        const id = idIn(answer.text);
        shown.summary = `HTTP ${answer.status} in ${answer.milliseconds.toFixed(0)} ms`;
        shown.summary += earlier.length && id ? this.comparison(id, earlier) : "";
        shown.answer = pretty(answer.text);
        shown.id = earlier.includes(id) ? "" : id;
        this.exchanges.unshift(shown);
        return id;
      } catch {
        this.exchanges.unshift({ ...shown, summary: "No answer came.", answer: "" });
        return "";
      }
    },

    titleOf(earlier) {
      const again = earlier.length ? ", posted again" : "";
      return `${this.kind.title}: ${SCENARIOS[this.scenario].title}${again}`;
    },

    comparison(id, earlier) {
      return earlier.includes(id) ? ": the same id, so nothing more is sent" : ": another id";
    },

    /* A new uid for the next request, unless the text was changed by hand. */
    refresh() {
      try {
        const body = JSON.parse(this.body);
        body[this.kind.uid] = newUid();
        this.body = JSON.stringify(body, null, 2);
      } catch {
        // What cannot be read stays as it is.
      }
    },

    /* Has the callbacks of an accepted message shown as they come. */
    follow(element, exchange) {
      if (!exchange.id) {
        return;
      }
      const url = this.$root.dataset.toldUrl.replace(NO_ID, encodeURIComponent(exchange.id));
      element.setAttribute("hx-get", url);
      element.setAttribute("hx-trigger", "load, every 1s");
      htmx.process(element);
    },
  });

  document.addEventListener("alpine:init", () => Alpine.data("beSmartico", desk));
})();
