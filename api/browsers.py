"""Which browser somebody uses, in words for themselves, from what it says of itself.

Invariant: only for the eye; nothing is decided by it, because anybody can claim anything.
"""

from __future__ import annotations

from typing import Final

PROGRAMS: Final = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("Qaxbrowser", "奇安信浏览器"),
    ("QIHU", "360浏览器"),
    ("360SE", "360浏览器"),
    ("360EE", "360浏览器"),
    ("UOSBrowser", "统信浏览器"),
    ("QQBrowser", "QQ浏览器"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""A word of the browser's own -> its name; those that also claim to be others come first."""

SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("OpenHarmony", "鸿蒙"),
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Macintosh", "Mac"),
    ("UOS", "统信UOS"),
    ("Kylin", "麒麟"),
    ("Linux", "Linux"),
)
"""The same for the system below it."""


def browser_words(agent: str) -> str:
    """Edge（Windows）; 其他程序 for what is none of these."""
    program = next((words for mark, words in PROGRAMS if mark in agent), "其他程序")
    system = next((words for mark, words in SYSTEMS if mark in agent), "")
    return f"{program}（{system}）" if system else program
