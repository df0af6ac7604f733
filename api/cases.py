"""What an administrator does in each case: everything that can be red, stuck or found wrong, each with its remedy.

Invariant: pages, the command line and the help take their words from here, so that none of them lacks a case;
tests/contract/test_cases.py holds it against the codes that are used.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Case(Struct, frozen=True):
    """One case in general words, what to do about it, and on which page."""

    words: str
    remedy: str
    page: str = ""


_BACK_UP: Final = "请运行 shenpi backup 备份目录，并让系统每天自动运行；备份要放在另一块磁盘上。"

CONCERNS: Final[dict[str, Case]] = {
    "work-stopped": Case("定时工作停了", "请重新启动服务。", "/admin/health"),
    "work-failed": Case("定时工作上次没有办成", "请查看服务日志；持续出现请重新启动服务。", "/admin/health"),
    "incidents": Case("有异常待处理", "请逐件处理后销号。", "/admin/incidents"),
    "abandoned": Case("待办只在已停用的账号手中", "请由负责人转办，或移交项目。", "/admin#left"),
    "mails-failed": Case("有邮件未能送达", "请核对地址后重新投递。", "/admin/mail"),
    "rungs-late": Case(
        "提醒到时未办", "请看“运行状态”中的时钟是否在走；不走的，请重新启动服务。", "/admin/health"
    ),
    "notices-late": Case("通知没有及时交付", "请看邮件发送情况。", "/admin/mail"),
    "unsealed": Case(
        "记录没有及时封签", "封签每小时一次；请看“运行状态”中的“封签”是否在走。", "/admin/health"
    ),
    "year-unsettled": Case(
        "本年或次年的工作日历未载入，或为暂定",
        "国务院办公厅公布放假安排后请载入，到期日自动重算。",
        "/admin/calendar",
    ),
    "no-address": Case("有人没有邮箱", "请在人员页补填。", "/admin/people"),
    "one-administrator": Case(
        "只有一位系统管理员",
        "请再给一人授系统管理员岗：一人忘了密码或离岗，另一人可以办理。",
        "/admin/people",
    ),
    "never-backed-up": Case("还没有备份过", _BACK_UP, "/admin/health"),
    "backup-old": Case("上次备份已超过7天", _BACK_UP, "/admin/health"),
    "backup-incomplete": Case(
        "上次备份时有材料缺失或损坏",
        "请点“开始自检”看是哪些，并从以前的备份找回。",
        "/admin/health",
    ),
    "disk-low": Case("磁盘快满了", "请清理空间；写满后系统拒绝一切办理。", "/admin/health"),
    "no-mail-server": Case(
        "没有设置邮件服务器", "请在 shenpi.toml 的 [smtp] 中设置后重新启动。", "/admin/mail"
    ),
}
"""What 运行状态 may name."""

INCIDENTS: Final[dict[str, Case]] = {
    "nobody-holds-post": Case(
        "环节到了，岗位上没有人",
        "先在“人员”中为空缺的岗位授岗；销号时系统把该环节派给现在的任职人。仍无人任职的，异常会重新出现。",
        "/admin/people",
    ),
    "holder-disabled": Case(
        "办理人的账号已停用，或已不在岗",
        "先在“人员”中为其岗位另授一人，销号时系统把环节派给现在的任职人；由其经办的项目，请负责人在项目页移交。也可恢复其账号或岗位。",
        "/admin/people",
    ),
    "ladder-reaches-nobody": Case(
        "到了提醒的时候，岗位上没有人可提醒",
        "为该岗位授岗，此后的提醒即可送达；已错过的这一次请口头告知。",
        "/admin/people",
    ),
    "awaited-terminated": Case(
        "所等待的项目终止或归档了，等不到了", "请项目负责人决定：登记“不再等待”，或改为等待另一项目。"
    ),
    "in-vain": Case(
        "有事项所等的事项已经办结，等不到了",
        "请负责人重新办理所等的事项，或核对项目信息；办好后销号。一天后又出现的，请联系技术人员。",
    ),
    "sweep-broken": Case(
        "某一项目的时钟走不动",
        "时钟每次走动都会重试。请先到“运行状态”做自检，并联系技术人员；修复后销号。",
        "/admin/health",
    ),
    "mail-failed": Case("邮件未能送达", "到“邮件”核对地址后重新投递，异常随之销号。", "/admin/mail"),
    "mail-ambiguous": Case(
        "不能确定邮件是否已送达", "请先问收件人是否已收到；没有收到的，到“邮件”重新投递。", "/admin/mail"
    ),
    "mail-server": Case(
        "连不上邮件服务器", "请检查网络和邮件服务器；恢复后邮件自动发出，异常自动销号。", "/admin/mail"
    ),
    "mail-configuration": Case(
        "邮件服务器不接受现有设置",
        "请按服务器的原话核对 shenpi.toml 的 [smtp] 设置，重新启动后发一封测试邮件。",
        "/admin/mail",
    ),
    "mail-no-address": Case(
        "收件人没有可用的邮箱", "请在“人员”中补填邮箱；系统内的通知不受影响。", "/admin/people"
    ),
    "mail-incomplete": Case(
        "一封邮件没有写全", "收件人已得到简要提示，详情在系统内可见；请把服务日志交给技术人员，然后销号。"
    ),
}
"""What 异常 may name, by the code of the incident."""

FINDINGS: Final[dict[str, Case]] = {
    "audit-broken": Case("记录被改动", "请保留现场，勿再改动数据库，并与另存的校验码、备份核对。"),
    "project-without-events": Case("项目没有任何记录", "请联系技术人员，并保留现场。"),
    "fold-differs": Case("项目的状态与其记录不同", "请联系技术人员，并保留现场；办理结果以经过记录为准。"),
    "row-differs": Case(
        "列表、待办与项目的状态不同",
        "请联系技术人员；办理结果以经过记录为准，列表可能显示有误。",
    ),
    "file-missing": Case("材料的文件缺失", "请从备份恢复文件，或请经办人重新上传。"),
    "file-damaged": Case("材料的文件损坏", "请从备份恢复该文件，并检查磁盘。"),
    "stuck": Case("事项无人办理", "请补齐岗位，或由负责人转办、移交。", "/admin/people"),
    "unasked": Case(
        "停住的事项没有列入待办",
        "服务启动时和此后每天自动列入经办人的待办；一天后仍在的，请联系技术人员。",
        "/admin/health",
    ),
    "in-vain": Case(
        "事项所等的事项已经办结，等不到了",
        "每天登记为异常并告知经办人和分管领导；请负责人重新办理所等的事项，或核对项目信息。",
        "/admin/incidents",
    ),
    "incidents-open": Case("有异常待处理", "请到“异常”逐件处理。", "/admin/incidents"),
    "sweep-late": Case("提醒到时未办", "请看“运行状态”中的时钟是否在走。", "/admin/health"),
    "notices-waiting": Case("通知没有及时投递", "请看“邮件”中的发送情况。", "/admin/mail"),
}
"""What the doctor may find, on 运行状态 and by `shenpi doctor`."""
