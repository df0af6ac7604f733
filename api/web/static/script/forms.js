// Forms: what is typed is kept in this tab until it is sent; figures, codes, numbers and days are looked at
// while somebody types. Only says something: the server decides, and nothing here keeps a form from being sent.
(function () {
  "use strict";
  var PREFIX = "shenpi:", SENT = "shenpi-sent";
  var store = null;
  try { store = window.sessionStorage; store.getItem(PREFIX); } catch (refused) { store = null; }
  function each(list, what) { Array.prototype.forEach.call(list, what); }
  function make(tag, name, text) {
    var made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }

  // Keeping

  function isTyped(field) {
    return field.name && field.name !== "password" && !/^(hidden|password|file|submit|button|reset|search)$/.test(field.type) && field.tagName !== "BUTTON";
  }
  function isKept(form) {
    return form.method === "post" && !form.querySelector("input[type=password]") && !form.hasAttribute("data-sign-out") && !form.hasAttribute("data-unkept");
  }
  function nameOf(form) {
    var told = ["what", "document", "requirement"].map(function (name) {
      var field = form.querySelector("input[type=hidden][name=" + name + "]");
      return field ? field.value : "";
    });
    return PREFIX + document.body.getAttribute("data-person") + " " + form.getAttribute("action") + " " + told.join(" ");
  }
  function valuesOf(form) {
    var found = {};
    each(form.elements, function (field) {
      if (!isTyped(field)) { return; }
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) { found[field.name] = field.value; } else if (!(field.name in found)) { found[field.name] = null; }
      } else { found[field.name] = field.value; }
    });
    return found;
  }
  function fill(form, values) {
    each(form.elements, function (field) {
      if (!isTyped(field) || !(field.name in values)) { return; }
      if (field.type === "checkbox" || field.type === "radio") {
        field.checked = values[field.name] === field.value;
      } else if (values[field.name] !== null) { field.value = values[field.name]; }
    });
  }
  function differ(one, other) {
    return Object.keys(one).some(function (name) { return name in other && one[name] !== other[name]; });
  }
  function isAsGiven(field) {
    if (field.type === "checkbox" || field.type === "radio") { return field.checked === field.defaultChecked; }
    if (field.tagName !== "SELECT") { return field.value === field.defaultValue; }
    return field.value === (field.querySelector("option[selected]") || field.options[0]).value;
  }
  // The attempt is kept with its name: whoever sends again what was never answered gets the first answer. Only what
  // somebody has changed is kept: the rest is the page's, and may be another's by the time it is opened anew.
  function keep(form, sent) {
    if (!store || !isKept(form) || form.hasAttribute("data-kept")) { return; }
    var command = form.elements.command ? form.elements.command.value : "";
    var before = JSON.parse(store.getItem(nameOf(form)) || "{}").values || {}, now = valuesOf(form), values = {};
    each(form.elements, function (field) {
      if (field.name in now && (field.name in before || !isAsGiven(field))) { values[field.name] = now[field.name]; }
    });
    try { store.setItem(nameOf(form), JSON.stringify({ values: values, command: command, sent: sent })); } catch (full) { /* what is typed stays on the page */ }
  }
  function forget(beginning) {
    if (!store) { return; }
    Object.keys(store).forEach(function (name) { if (name.indexOf(beginning) === 0) { store.removeItem(name); } });
  }
  function restore(form) {
    var kept = store && isKept(form) && store.getItem(nameOf(form));
    if (!kept) { return; }
    var found = JSON.parse(kept), values = found.values || {}, before = valuesOf(form), command = form.elements.command;
    if (!differ(values, before)) { return; }
    var fresh = command ? command.value : "";
    fill(form, values);
    if (fresh && found.command) { command.value = found.command; }
    var note = make("p", "restored", found.sent ? "上次提交没有办成，或没有收到答复；内容已恢复，再提交也不会办两次。" : "已恢复您上次未提交的内容");
    note.setAttribute("role", "status");
    var clear = make("button", "plain", "清除");
    clear.type = "button";
    clear.addEventListener("click", function () { fill(form, before); if (fresh) { command.value = fresh; } forget(nameOf(form)); form.removeChild(note); lookAll(form); });
    note.appendChild(clear);
    form.insertBefore(note, form.firstChild);
    for (var at = form; at; at = at.parentElement) { if (at.tagName === "DETAILS") { at.open = true; } }
  }
  function settle() {
    var sent = store && store.getItem(SENT);
    if (!sent) { return; }
    store.removeItem(SENT);
    if (document.querySelector("main > .flash")) { forget(sent); }
  }

  // Looking

  // What the field holds, in its unit: 1,800万元 and 0.18亿 as the server reads them; null if it is no number.
  function plain(field) {
    var half = field.value.normalize("NFKC").trim();
    var parts = /^((?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?)(?![0-9,.])\s*(.*)$/.exec(half);
    var scale = parts && JSON.parse(field.getAttribute("data-scales"))[parts[2]];
    return scale ? Number(parts[1].replace(/,/g, "")) * Number(scale) : null;
  }
  function written(number, places) {
    var parts = (places < 0 ? String(Number(number.toFixed(6))) : number.toFixed(places)).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
    return parts.join(".");
  }
  function checkDigit(code, digits) {
    var figures = code.replace(/-/g, ""), product = 10;
    for (var i = 0; i < digits; i += 1) {
      product = ((product + Number(figures.charAt(i))) % 10 || 10) * 2 % 11;
    }
    return String((11 - product) % 10);
  }
  // Hexagonal brackets are on no keyboard: any others around the year stand for them, here and at the server.
  function asWritten(number) { return number.replace(/[\[\uFF08(\u3010\uFF3B](20[0-9]{2})[\]\uFF09)\u3011\uFF3D]/g, "\u3014$1\u3015"); }
  var sayings = {
    money: figureWords,
    decimal: figureWords,
    integer: function (field) { return figureWords(field) || (plain(field) % 1 === 0 ? "" : "请填写整数。"); },
    number: function (field, text) {
      var box = field.form.querySelector("[name=as_printed]");
      text = asWritten(text);
      var right = new RegExp("^(?:" + field.getAttribute("data-shape") + ")$").test(text);
      // A project code may stand where a number is asked for; the server looks at it.
      if (right || (box && box.checked) || /^[0-9]{4}-[0-9]{6}-/.test(text)) { return ""; }
      return field.getAttribute("data-says").replace("{number}", text).replace("{year}", document.body.getAttribute("data-today").slice(0, 4));
    },
    code: function (field, text) {
      var month = Number(text.slice(2, 4));
      if (!new RegExp("^(?:" + field.getAttribute("data-shape") + ")$").test(text) || month < 1 || month > 12) {
        return field.getAttribute("data-says").replace("{code}", text);
      }
      var checked = text.slice(0, 4) >= field.getAttribute("data-since");
      var wrong = checked && checkDigit(text, Number(field.getAttribute("data-digits"))) !== text.slice(-1);
      return wrong ? field.getAttribute("data-differs").replace("{code}", text) : "";
    },
    file: function (field) {
      var chosen = field.files && field.files[0], most = Number(field.getAttribute("data-most"));
      if (chosen && !chosen.size) { return "这是空文件，请核对后重新选择。"; }
      return chosen && chosen.size > most * 1048576 ? "文件超过" + most + " MB，请压缩扫描分辨率或拆分后再上传。" : "";
    },
    day: function (field, text) {
      return text < "2000-01-01" || text > "2100-12-31" ? "年份似有误，请核对。" : "";
    },
    past: function (field, text) {
      return text > document.body.getAttribute("data-today") ? "日期晚于今天，请核对原件。" : sayings.day(field, text);
    }
  };
  function figureWords(field) {
    return plain(field) === null ? "请填写数字，如2860或2,860.00，以本项的单位计。" : "";
  }
  function placeOf(field) {
    var whole = field.parentElement.className === "measure" ? field.parentElement.parentElement : field.parentElement;
    var found = whole.querySelector(".says");
    if (!found) {
      found = whole.appendChild(make("p", "says", ""));
      found.setAttribute("aria-live", "polite");
    }
    return found;
  }
  function saidBefore(field, words) {
    var said = document.getElementById(field.id + "-wrong");
    return said !== null && said.textContent === words;
  }
  function say(place, words) { if (place.textContent !== words) { place.textContent = words; } }
  function look(field) {
    var saying = sayings[field.getAttribute("data-check")], text = field.value.trim();
    var whole = field.form.querySelectorAll("[data-sum]");
    if (saying && !(field.getAttribute("aria-invalid") && field.value === field.defaultValue)) {
      say(placeOf(field), text ? saying(field, text) : "");
    }
    if (field.type === "file") { field.toggleAttribute("data-hopeless", sayings.file(field) !== ""); }
    each(whole, function (sum) { add(field.form, sum); });
  }
  function add(form, sum) {
    function numberOf(name) {
      var field = form.querySelector("[name='" + name + "']"), number = field ? plain(field) : null;
      return number === null ? NaN : number;
    }
    var places = Number(sum.getAttribute("data-places"));
    var parts = sum.getAttribute("data-parts").split(" ").reduce(function (all, name) { return all + numberOf(name); }, 0);
    var apart = Math.abs(parts - numberOf(sum.getAttribute("data-sum")));
    var told = sum.getAttribute("data-says").replace("{parts}", written(parts, places)).replace("{difference}", written(apart, places));
    told = told.replace(/\{unit\}/g, sum.getAttribute("data-unit")).replace("{title}", sum.getAttribute("data-title"));
    var total = form.querySelector("[name='" + sum.getAttribute("data-sum") + "']");
    say(sum, apart >= 0.000001 && !saidBefore(total, told) ? told : "");
  }
  function lookAll(form) { each(form.querySelectorAll("[data-check]"), look); }

  // Sending: a lost network is noticed before the browser throws the page away.

  var pressed = null;
  function carry(form) {
    if (pressed && pressed.form === form && pressed.name) {
      var hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = pressed.name;
      hidden.value = pressed.value;
      form.appendChild(hidden);
    }
    form.submit();
  }
  function apologise(form) {
    delete form.dataset.sent;
    var note = form.querySelector(".lost") || form.appendChild(make("p", "says lost", ""));
    note.setAttribute("role", "alert");
    say(note, "");
    say(note, "连不上服务器，没有提交。填写的内容都在本页，网络恢复后请再按一次。");
  }
  function probe(form) {
    var asked = new XMLHttpRequest();
    asked.open("GET", "/api/health");
    asked.timeout = 5000;
    asked.onload = function () { carry(form); };
    asked.onerror = asked.ontimeout = function () { apologise(form); };
    asked.send();
  }

  // What is wrong with a long text leads to its line.
  function show(link) {
    var area = document.querySelector(link.getAttribute("href")), lines = area.value.split("\n");
    var at = Number(link.getAttribute("data-line")) - 1, before = lines.slice(0, at);
    var start = before.join("\n").length + (at ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + lines[at].length);
    area.scrollTop = area.scrollHeight * at / lines.length - area.clientHeight / 2;
  }

  document.addEventListener("click", function (event) {
    if (event.target.tagName === "BUTTON") { pressed = event.target; }
    if (event.target.hasAttribute("data-line")) { event.preventDefault(); show(event.target); }
  });
  document.addEventListener("input", function (event) {
    if (!event.target.form) { return; }
    keep(event.target.form, false);
    if (event.target.hasAttribute("data-check")) { look(event.target); }
  });
  document.addEventListener("change", function (event) {
    if (!event.target.form) { return; }
    if (event.target.getAttribute("data-check") === "number") { event.target.value = asWritten(event.target.value); }
    keep(event.target.form, false);
    if (event.target.name === "as_printed") { lookAll(event.target.form); }
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.hasAttribute("data-sign-out")) { forget(PREFIX); return; }
    if (event.defaultPrevented) { return; }
    var hopeless = form.querySelector("[data-hopeless]");
    if (hopeless) {
      event.preventDefault();
      delete form.dataset.sent;
      hopeless.focus();
      return;
    }
    if (!store || !isKept(form)) { return; }
    keep(form, true);
    var confirming = PREFIX + document.body.getAttribute("data-person") + " " + form.getAttribute("action") + " ";
    store.setItem(SENT, form.hasAttribute("data-kept") ? confirming : nameOf(form));
    if (navigator.onLine === false) { event.preventDefault(); probe(form); }
  });
  settle();
  each(document.forms, function (form) { restore(form); lookAll(form); });
}());
