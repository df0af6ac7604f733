// Keys and clicks: "/" to search, arrows (or j and k) in lists, no second click, common phrases.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      var find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); }
    }
    var step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      var rows = Array.prototype.slice.call(document.querySelectorAll("table[data-list] tbody tr:not(.opened)"));
      var here = rows.map(function (row) { return row.contains(document.activeElement); }).indexOf(true);
      var link = rows[here + step] && rows[here + step].querySelector("td:not(.pick) a");
      if (link) { event.preventDefault(); link.focus(); }
    }
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-download")) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", function () {
    Array.prototype.forEach.call(document.forms, function (form) { delete form.dataset.sent; });
  });
  document.addEventListener("click", function (event) {
    var phrase = event.target.dataset && event.target.dataset.phrase;
    if (!phrase) { return; }
    var area = document.getElementById(event.target.dataset.into);
    area.value = area.value ? area.value.replace(/[。；]?$/, "；") + phrase : phrase;
    area.focus();
  });
  Array.prototype.forEach.call(document.querySelectorAll("[data-quick]"), function (each) { each.hidden = false; });
  function openTarget() {
    var at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var each = at; each; each = each.parentElement) { if (each.tagName === "DETAILS") { each.open = true; } }
  }
  openTarget();
  // Whoever works by keyboard goes on from the answer to what they did, not from the top of the page.
  var said = document.querySelector(".problem, .flash");
  if (said && !location.hash && !document.querySelector("[autofocus]")) { said.focus({ preventScroll: true }); }
  window.addEventListener("hashchange", openTarget);
}());
