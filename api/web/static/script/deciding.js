// Deciding: phrases into the opinion, papers turned over in the frame, ticks and keys in the work list.
(function () {
  "use strict";
  function all(words, within) { return Array.prototype.slice.call((within || document).querySelectorAll(words)); }

  all("select[data-fills]").forEach(function (select) {
    select.options[0].text = "常用语";
    select.setAttribute("aria-label", "常用语");
    select.addEventListener("change", function () {
      var area = document.getElementById(select.getAttribute("data-fills"));
      if (!select.value) { return; }
      area.value = area.value ? area.value.replace(/[。；]?$/, "；") + select.value : select.value;
      select.value = "";
      area.focus();
    });
  });

  all("select[data-lines]").forEach(function (select) {
    select.addEventListener("change", function () {
      var area = document.getElementById(select.getAttribute("data-lines"));
      area.value = (area.value ? area.value.replace(/\n?$/, "\n") : "") + select.value;
      select.value = "";
      area.focus();
    });
  });

  var frame = document.querySelector("iframe[name=reader]");
  var papers = all("[data-papers] a[target=reader]");
  function turned(place) {
    papers.forEach(function (each, at) {
      if (at === place) { each.setAttribute("aria-current", "true"); } else { each.removeAttribute("aria-current"); }
    });
    frame.title = papers[place].textContent;
    all("[data-place]").forEach(function (each) { each.textContent = "第 " + (place + 1) + " 件，共 " + papers.length + " 件"; });
  }
  papers.forEach(function (each, at) { each.addEventListener("click", function () { if (!narrow()) { turned(at); } else { each.target = "_blank"; } }); });
  function narrow() { return !frame || frame.offsetParent === null; }
  all("[data-turn]").forEach(function (button) {
    button.addEventListener("click", function () {
      var now = papers.map(function (each) { return each.hasAttribute("aria-current"); }).indexOf(true);
      var next = now + Number(button.getAttribute("data-turn"));
      if (next >= 0 && next < papers.length) { papers[next].click(); }
    });
  });

  var together = all("[data-together]");
  var words = together.map(function (button) { return button.textContent; });
  function count() {
    together.forEach(function (button, place) {
      var ticks = all("input[form=together-" + button.getAttribute("data-together") + "]");
      var number = ticks.filter(function (each) { return each.checked; }).length;
      all("[data-all=" + button.getAttribute("data-together") + "]").forEach(function (each) {
        each.checked = number > 0 && number === Math.min(ticks.length, Number(each.getAttribute("data-most")));
      });
      button.textContent = words[place] + (number ? " " + number + " 件" : "");
      button.parentNode.className = button.parentNode.className.replace(" ticked", "") + (number ? " ticked" : "");
    });
  }
  // What is ticked stays so while one of the list is opened or decided: a tick names the very version it saw.
  var KEPT = "shenpi:" + document.body.getAttribute("data-person") + " ticks";
  function keepTicks() {
    var ticked = all(".pick input").filter(function (each) { return each.checked; });
    try { window.sessionStorage.setItem(KEPT, JSON.stringify(ticked.map(function (each) { return each.value; }))); } catch (refused) { /* ticked again by hand */ }
  }
  function tickAgain() {
    var kept = [];
    try { kept = JSON.parse(window.sessionStorage.getItem(KEPT)) || []; } catch (refused) { kept = []; }
    all(".pick input").forEach(function (each) { each.checked = each.checked || kept.indexOf(each.value) >= 0; });
    count();
  }
  function ticked() { count(); if (all(".pick input").length) { keepTicks(); } }
  document.addEventListener("change", function (event) {
    if (event.target.hasAttribute("data-all")) {
      all("input[form=together-" + event.target.getAttribute("data-all") + "]").forEach(function (each, at) {
        each.checked = event.target.checked && at < Number(event.target.getAttribute("data-most"));
      });
    }
    ticked();
  });
  window.addEventListener("pageshow", tickAgain);

  document.addEventListener("keydown", function (event) {
    if (!/^(x|Enter)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox") { return; }
    all("table.todo tbody tr:not(.opened)").forEach(function (row) {
      var tick = row.contains(document.activeElement) && row.querySelector(".pick input");
      if (tick && event.key === "x") { event.preventDefault(); tick.checked = !tick.checked; ticked(); }
      // With some of this list ticked, Enter goes on with these; nothing is decided before the next page.
      var chosen = row.parentNode.querySelector(".pick input:checked");
      var here = [tick, row.querySelector("td:not(.pick) a")];
      if (event.key === "Enter" && chosen && here.indexOf(document.activeElement) >= 0) { event.preventDefault(); chosen.form.submit(); }
    });
  });
}());
