// Keys and clicks: "/" to search, arrows in lists, no second click, common phrases.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      var find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); }
    }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !typing) {
      var links = Array.prototype.slice.call(document.querySelectorAll("table[data-list] tbody tr td:first-child a"));
      if (!links.length) { return; }
      var place = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      if (place >= 0 && place < links.length) { event.preventDefault(); links[place].focus(); }
    }
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") { return; }
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
  window.addEventListener("hashchange", openTarget);
}());
