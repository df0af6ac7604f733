// A page that is left open looks once a minute whether what it shows has changed, and says so; it never reloads itself.
(function () {
  "use strict";
  var EVERY = 60000;
  var mark = document.body.getAttribute("data-live");
  var place = document.getElementById("live");
  if (!mark || !place || !window.fetch) { return; }
  var failures = 0;
  var done = false;

  function say(words, label, act) {
    place.textContent = words;
    if (label) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      place.appendChild(button);
    }
  }

  function reload() { location.reload(); }

  function heard(answer) {
    failures = 0;
    if (answer.status === 304) { say(""); return; }
    if (answer.type === "opaqueredirect") {
      say("登录已过期，提交前请重新登录。", "重新登录", reload);
    } else if (answer.status === 200) {
      say("本页内容已有变化。", "查看最新", reload);
      done = true;
    } else if (answer.status === 404) {
      say("本页内容已不在您可以查看的范围内。", "返回我的待办", function () { location.href = "/"; });
      done = true;
    }
  }

  function missed() {
    failures += 1;
    if (failures > 1) { say("网络不通，本页可能不是最新；已填写的内容仍在，请稍后提交。"); }
  }

  function look() {
    if (document.hidden || done) { return; }
    fetch(location.href.split("#")[0], {
      headers: { "Accept": "text/html", "If-None-Match": "\"" + mark + "\"", "X-Watching": "1" },
      cache: "no-store", credentials: "same-origin", redirect: "manual"
    }).then(heard, missed);
  }

  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}());
