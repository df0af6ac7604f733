"""The closed list of notices: why a person is told of an event. How they are told is not known here."""

NOTICES: dict[str, str] = {
    "opened": "事项已启动，请准备材料",
    "asked": "请补齐所缺信息",
    "decide": "待您审批",
    "record": "待您报送或登记",
    "check": "待您核对",
    "check_batch": "批量补录待您核对",
    "returned": "已退回",
    "refused": "不予批准",
    "issued": "已批复",
    "handed_over": "已转交给您",
    "relieved": "不再由您办理",
    "rejected": "核对未通过",
    "restarted": "材料已更换，请重新审核",
    "approaching": "临近期限",
    "due_today": "今日到期",
    "overdue": "已超期",
    "escalated": "提请关注",
    "retimed": "时限有变",
    "moved": "项目中止、恢复或终止",
    "validity": "批复即将失效",
    "lapsed": "批复已失效",
    "outside_late": "外部门办理超期",
    "incident": "需要处理的异常",
}
"""Kind -> its words in lists. A notice's kind and its event say all that a message needs."""
