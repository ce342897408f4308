// Locust's start form with what ours needs: headings, stages to pick from, checks, what is fixed, faults beside fields.
(() => {
  const told = JSON.parse(document.getElementById("webhooks-form").textContent);
  const field = (name) => document.querySelector(`form [name="${name}"]`);
  const place = (name) => field(name)?.closest("form .MuiAccordionDetails-root > div > *");

  function make(tag, kind, content = "") {
    const made = document.createElement(tag);
    made.className = kind;
    made.textContent = content;
    return made;
  }

  // Locust's form keeps what is not its own in one closed box, without order: ours is open, under headings.
  function arrange() {
    told.lists.forEach((name) => replace(name, "textarea"));
    replace("stages", "input");
    pickStages();
    told.fixed.forEach(fix);
    for (const [name, heading] of Object.entries(told.headings)) {
      const own = place(name);
      if (!own || own.previousElementSibling?.className === "webhooks-heading") continue;
      const box = own.closest(".MuiAccordion-root")?.querySelector("button[aria-expanded=false], [role=button][aria-expanded=false]");
      if (box && !box.dataset.opened) {
        box.dataset.opened = "yes";
        box.click();
      }
      own.before(make("h3", "webhooks-heading", heading));
    }
    addChecks();
  }

  // A field of our own in place of Locust's: its script joins lines, and undoes what others write into its fields. Of
  // two fields of a name its form sends the latter.
  function replace(name, tag) {
    const old = document.querySelector(`form input[name="${name}"]:not(.webhooks-own)`);
    if (!old || old.nextElementSibling?.classList.contains("webhooks-own")) return;
    const own = make(tag, tag === "textarea" ? "webhooks-own webhooks-lines" : "webhooks-own");
    own.name = name;
    own.value = old.getAttribute("value") ?? "";
    own.setAttribute("aria-label", name);
    old.style.display = "none";
    old.after(own);
  }

  function pickStages() {
    const own = document.querySelector("form input.webhooks-own[name=stages]");
    const quick = document.querySelector("form input[type=checkbox][name=quick]");
    if (!own || !place("stages") || place("stages").querySelector(".webhooks-pick")) return;
    const pick = make("details", "webhooks-pick");
    const list = make("div", "");
    pick.append(make("summary", "", "Pick stages from a list"), list);
    const names = () => own.value.split(",").map((name) => name.trim()).filter(Boolean);
    const show = () => {
      list.replaceChildren();
      told.stages[String(Boolean(quick?.checked))].forEach((name) => {
        const label = make("label", "", ` ${name}`);
        const box = make("input", "");
        box.type = "checkbox";
        box.checked = names().includes(name);
        box.addEventListener("change", () => {
          own.value = (box.checked ? [...names(), name] : names().filter((other) => other !== name)).join(", ");
        });
        label.prepend(box);
        list.append(label);
      });
    };
    pick.addEventListener("toggle", show);
    own.addEventListener("input", show);
    quick?.addEventListener("change", show);
    place("stages").append(pick);
  }

  function fix(name) {
    const own = field(name);
    if (!own || own.readOnly) return;
    own.readOnly = true;
    own.setAttribute("aria-readonly", "true");
    place(name)?.append(make("p", "webhooks-fixed", "Fixed while Locust runs: start Locust with another."));
  }

  function addChecks() {
    const last = [...document.querySelectorAll("form .MuiAccordionDetails-root > div > *")].at(-1);
    if (!last || field(told.check) || !field("results")) return;
    const box = make("div", "webhooks-checks");
    const label = make("label", "", "Checks, one a line, such as p99_ms<250: the run fails unless all hold");
    const lines = make("textarea", "webhooks-own webhooks-lines");
    lines.name = told.check;
    label.append(lines);
    box.append(label);
    last.after(make("h3", "webhooks-heading", "How it is judged"), box);
  }

  // Each fault beside its field, until the next start.
  function show(faults) {
    document.querySelectorAll(".webhooks-wrong").forEach((old) => old.remove());
    faults.forEach(({ field: name, fault }) => {
      const own = name && (place(name) ?? field(name)?.parentElement);
      if (!own) return;
      const line = make("p", "webhooks-wrong", fault);
      own.append(line);
    });
    document.querySelector(".webhooks-wrong")?.scrollIntoView({ block: "center" });
  }

  const ask = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await ask(...asked);
    const url = asked[0] instanceof Request ? asked[0].url : String(asked[0]);
    if (/\/?swarm$/.test(url)) {
      answer.clone().json().then((one) => show(one.faults ?? []), () => show([]));
    }
    return answer;
  };

  new MutationObserver(arrange).observe(document.getElementById("root"), { childList: true, subtree: true });
  arrange();
})();
