"""The city of the simulation as data: its units and posts, how its people work, what goes wrong, and how often.

Everything here is read in this order by one seeded source of chance: a line moved is another year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FIRST_DAY = date(2026, 3, 2)
"""When every year begins: a Monday, so that it holds both holidays and the turn to a provisional year."""

TYPES = ("centre-conversion", "columbarium", "cemetery", "funeral-home", "welfare-complex")

UNITS: dict[str, tuple[str, dict[str, int]]] = {
    "澴川市民政局": ("", {"director": 1, "deputy_director": 2, "office": 1, "overseer": 1, "administrator": 2}),
    "规划财务科": ("澴川市民政局", {"section_chief": 2, "finance_chief": 1, "clerk": 2}),
    "云河县民政局": ("澴川市民政局", {"director": 1, "deputy_director": 2, "section_chief": 1, "office": 1}),
    "云河县规划财务股": ("云河县民政局", {"section_chief": 2, "clerk": 3}),
    "澴阳区民政局": ("澴川市民政局", {"director": 1, "deputy_director": 1, "section_chief": 1, "office": 1}),
    "澴阳区养老服务科": ("澴阳区民政局", {"section_chief": 1, "clerk": 2}),
    "澴阳区殡葬管理所": ("澴阳区民政局", {"section_chief": 1, "clerk": 2}),
}  # fmt: skip
"""Unit -> the unit above it, and how many hold which post there."""

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英"


@dataclass(frozen=True)
class Habit:
    """How somebody works: looks at the desk a day, and how likely each thing is at one look."""

    looks: int
    does: float
    """An item that waits is done."""
    approves: float
    """What is decided or checked is agreed to."""
    oversteps: float = 0.0
    """Something is tried that must be refused."""
    leaves: float = 0.0
    """Two weeks of absence begin."""
    delegates: float = 0.0
    """Before leaving, somebody is asked to act."""


HABITS = {
    "prompt": Habit(2, 0.9, 0.95, 0.02, 0.003, 0.9),
    "careful": Habit(1, 0.7, 0.8, 0.01, 0.003, 0.9),
    "slow": Habit(1, 0.25, 0.9, 0.01, 0.005, 0.5),
    "forgetful": Habit(1, 0.06, 0.95, 0.03, 0.01, 0.0),
    "bold": Habit(2, 0.6, 0.9, 0.25, 0.003, 0.5),
}
SHARES = {"prompt": 5, "careful": 4, "slow": 2, "forgetful": 1, "bold": 1}
WILLING = Habit(2, 1.0, 1.0)
"""How everybody works once all faults are healed."""


@dataclass(frozen=True)
class Office:
    """An outside office: how likely each answer is, and within how many days it comes."""

    days: tuple[int, int]
    answers: dict[str, dict[str, float]]


OUTSIDE = Office(
    (1, 12),
    {
        "filed": {"accepted": 0.85, "correction": 0.12, "returned": 0.03},
        "accepted": {"approved": 0.78, "special": 0.07, "extended": 0.07, "returned": 0.05, "refused": 0.03},
        "stopped": {"special_ends": 1.0},
    },
)
OBLIGING = Office(
    (0, 2),
    {"filed": {"accepted": 1.0}, "accepted": {"approved": 1.0}, "stopped": {"special_ends": 1.0}},
)
"""How every outside office works once all faults are healed."""

Chances = dict[str, tuple[float, float]]
"""Deed -> how likely it is each time in ordinary days, and once everybody is willing."""

CLERK: Chances = {
    "reapply": (0.6, 1.0),
    "supply_facts": (0.5, 1.0),
    "bring_minutes": (0.7, 1.0),
    "close_take_over": (0.6, 1.0),
    "change_fact": (0.02, 0.0),
    "replace_paper": (0.03, 0.0),
    "withdraw": (0.01, 0.0),
    "enter_signature": (0.05, 0.0),
    "explain": (0.2, 0.0),
    "draft_letter": (0.1, 0.0),
}
"""What a clerk may do with each of his projects on his weekly round."""

CHIEF: Chances = {
    "pass_gates": (0.5, 1.0),
    "lead_on": (0.5, 1.0),
    "go_on": (0.3, 1.0),
    "replace_the_missing": (0.5, 1.0),
    "stop_waiting": (0.3, 1.0),
    "hand_over_step": (0.03, 0.0),
    "hand_over_project": (0.005, 0.0),
    "supervise": (0.05, 0.0),
    "extend_clock": (0.05, 0.0),
    "pause_clock": (0.02, 0.0),
    "wait_for_another": (0.004, 0.0),
    "suspend": (0.01, 0.0),
    "shelve": (0.005, 0.0),
    "reopen": (0.005, 0.0),
    "terminate": (0.002, 0.0),
}
"""What a chief may do with each project below him on his weekly round."""

FAULTS = {
    "mail_down": (0.012, 4),
    "mail_forgets": (0.02, 1),
    "scheduler_away": (0.015, 4),
    "restart": (0.03, 0),
    "repeat": (0.3, 1),
    "leaver": (0.025, 0),
    "transfer": (0.012, 0),
    "bad_address": (0.004, 0),
    "new_version": (0.004, 0),
    "official_calendar": (0.004, 0),
}
"""Fault -> its chance each morning, and how many days it lasts at most. Each seed knows only some of them."""

PROJECTS_A_MONTH = 2.5
AT_THE_START = 10
TAKEN_OVER = 0.4
"""How many projects begin, and how many of them in mid-course."""
