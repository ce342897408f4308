// Beside Locust's own page: a tab that shows how the run stands, and what became of it.
(() => {
  const EVERY_MS = 1000;
  const LEDGER = ["due", "acknowledged", "failed", "abandoned", "waiting", "in_flight", "attempts"];
  const WORDS = ["origin", "strategy", "avoids", "region", "outcome"];
  const section = document.getElementById("webhooks");
  const part = (name) => document.getElementById(`webhooks-${name}`);
  const whole = (number) => number.toLocaleString("en");
  const ms = (number) => (number === null ? "-" : number < 100 ? number.toPrecision(3) : whole(Math.round(number)));
  const plainly = (text) => text.replaceAll("_", " ");

  // Rates are made here, of counts and the time between two looks: an outage shows as 0.
  const looks = [];
  function rates(key, live) {
    const first = looks[0];
    const passed_s = first ? (looks.at(-1).at - first.at) / 1000 : 0;
    if (!passed_s || first.live.run !== live.run || first.live.stage?.number !== live.stage?.number) return () => "-";
    return (name) => {
      const before = key(first.live)[name];
      return before === undefined ? "-" : whole(Math.max(0, Math.round((key(live)[name] - before) / passed_s)));
    };
  }
  const settled = (live) => Object.fromEntries(live.rows.map((row) => [row.origin, row.acknowledged + row.failed]));

  function text(parent, tag, content, kind) {
    const made = document.createElement(tag);
    made.textContent = content;
    if (kind) made.className = kind;
    parent.append(made);
    return made;
  }

  function table(name, header, rows) {
    const shown = part(name);
    shown.hidden = !rows.length;
    shown.querySelectorAll("thead, tbody").forEach((old) => old.remove());
    const head = shown.createTHead().insertRow();
    const kinds = header.map((title) => (WORDS.includes(title) ? "words" : ""));
    header.forEach((title, place) => { text(head, "th", title, kinds[place]).scope = "col"; });
    const body = shown.createTBody();
    rows.forEach((cells) => {
      const row = body.insertRow();
      cells.forEach((cell, place) => text(row, "td", cell, kinds[place]));
    });
  }

  function told(fault) {
    const where = fault.regions.join(", ");
    if (fault.since_s < 0) return ["coming", `${plainly(fault.fault)} in ${where}: in ${(-fault.since_s).toFixed(1)} s`];
    const seen = `${fault.avoided_by} of ${fault.origins} origins send elsewhere`;
    if (fault.left_s < 0) return ["over", `${plainly(fault.fault)} in ${where}: over for ${(-fault.left_s).toFixed(1)} s; ${seen}`];
    return ["on", `${plainly(fault.fault)} in ${where}: for ${fault.since_s.toFixed(1)} s, ${fault.left_s.toFixed(1)} s to go; ${seen}`];
  }

  function show(live) {
    looks.push({ at: performance.now(), live });
    if (looks.length > 4) looks.shift();
    part("says").textContent = live.says || (live.running ? "" : live.run ? `${live.run}: no stage is on` : "No run yet");
    const stage = part("stage");
    stage.hidden = !live.stage;
    if (live.stage) {
      const of = live.stage.length_s ? ` of ${live.stage.length_s.toFixed(0)} s` : "";
      stage.querySelector("h2").textContent = `${live.stage.name} (stage ${live.stage.number} of ${live.stage.of})`;
      stage.querySelector("progress").value = live.stage.share;
      stage.querySelector("p").textContent = `${live.stage.passed_s.toFixed(0)} s${of}`;
    }
    part("faults").replaceChildren();
    live.faults.map(told).forEach(([kind, words]) => text(part("faults"), "li", words, kind));
    part("ledger").replaceChildren();
    LEDGER.forEach((name) => {
      const pair = text(part("ledger"), "div", "");
      text(pair, "dt", plainly(name));
      text(pair, "dd", whole(live.ledger[name]));
    });
    const rate = rates(settled, live);
    table(
      "rows",
      ["origin", "strategy", "due", "acknowledged", "failed", "a second", "queued", "retrying", "in flight", "p50 ms", "p99 ms", "avoids"],
      live.rows.map((row) => [
        row.origin, row.strategy, whole(row.due), whole(row.acknowledged), whole(row.failed), rate(row.origin),
        whole(row.queued), whole(row.retrying), whole(row.in_flight), ms(row.p50_ms), ms(row.p99_ms), row.avoids.join(", "),
      ]),
    );
    const arriving = rates((one) => one.arrived, live);
    table("arrived", ["region", "arrived", "a second"], Object.entries(live.arrived).map(([region, count]) => [region, whole(count), arriving(region)]));
    table("attempts", ["outcome", "attempts"], Object.entries(live.attempts).map(([outcome, count]) => [plainly(outcome), whole(count)]));
  }

  // What became of the last run; it is kept until the next begins.
  let judged = "";
  function tell(result) {
    const shown = part("result");
    shown.hidden = !["judging", "judged", "failed"].includes(result.state);
    if (judged === JSON.stringify(result)) return;
    judged = JSON.stringify(result);
    shown.replaceChildren();
    if (result.state === "judging") text(shown, "p", `${result.run} is over: its books are being balanced`);
    if (result.state === "failed") text(shown, "p", `${result.run} could not be judged: ${result.why}`);
    if (result.state !== "judged") return;
    text(shown, "h2", result.verdict, result.verdict.split(" ")[0].toLowerCase());
    const findings = text(shown, "ul", "");
    result.findings.forEach((finding) => text(findings, "li", finding));
    const told = [
      ...result.checks.map((one) => [one.name, one.status, one.message]),
      ...result.reasons.map((one) => [one.name, "", one.message]),
    ];
    if (!told.length) return;
    const details = text(shown, "details", "");
    details.open = result.checks.length > 0 || !result.verdict.startsWith("PASS");
    text(details, "summary", "Checks, and what is worth knowing");
    const list = text(details, "ul", "");
    told.forEach(([name, status, message]) => text(list, "li", `${name}${status ? ` ${status}` : ""}: ${message}`, status));
  }

  async function ask(name) {
    const answer = await fetch(`./webhooks/${name}`);
    return answer.ok ? answer.json() : null;
  }

  async function look() {
    const chosen = new URLSearchParams(location.search).get("tab") === section.dataset.tab;
    document.body.classList.toggle("webhooks-on", chosen);
    section.hidden = !chosen || Boolean(document.querySelector("form input[name=stages]"));
    if (!section.hidden) {
      try {
        const [live, told, result] = await Promise.all(["live", "moments", "result"].map(ask));
        if (live) show(live);
        if (told) window.webhooksPictures(part("pictures"), told.moments);
        if (result) tell(result);
      } catch {
        part("says").textContent = "Locust does not answer";
      }
    }
    setTimeout(look, section.hidden ? 200 : EVERY_MS);
  }

  look();
})();
