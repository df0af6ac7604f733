"""Every way of saying no, with its code, its Chinese sentence and who can lift it.

    WorkflowError
    ├── NotFound       there is no such thing, or it is not visible to this person     404
    ├── Forbidden      visible, but never this person's to do                          403
    ├── Conflict       somebody was first, or the page is stale; names the winner      409
    ├── Refused        the rules do not allow it now; lists every reason               409
    ├── Invalid        what was sent is malformed; lists every finding                 422
    └── Unavailable    the store cannot answer now; nothing happened                   503

Invariant: a code is public API: unique, kebab-case and never renamed. `SENTENCES` has every one of the process: the rules'
stand here, those of one module beside what raises them, from where `says` adds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # code: (what is wrong, who can lift it and how)
    # the store
    "lost-race": ("同一时刻有人先办理了，您的操作未生效。", "请刷新页面后再办。"),
    "store-closed": ("系统正在停止，操作未受理。", "请稍后再试。"),
    "disk-full": ("磁盘空间不足，操作未生效，原有数据未变。", "请联系管理员清理空间后重试。"),
    "database-unavailable": (
        "数据库暂时不可用，操作未生效（{detail}）。",
        "请稍后再试；持续出现请联系管理员。",
    ),
    "commit-unanswered": (
        "数据库在确认时断开，不能确定操作是否已生效。",
        "请刷新页面看现在的情况；没有办成的，再办一次。",
    ),
    "clock-jumped": (
        "本机时间跳到{now}，而按另一时钟应为{second}（均为UTC），已暂停到点办理。",
        "请核对本机日期和时间；时间无误的，请重新启动服务。",
    ),
    "second-writer": ("数据目录{path}已有一个审批服务在运行。", "请使用正在运行的服务，或先停止它。"),
    "not-empty": ("这里已有数据，不能再装入。", "请指明一个空的数据目录，或一个新建的空数据库。"),
    "schema-newer": (
        "数据由更新版本的系统写成（数据格式 {found}，本程序只认到 {known}）。",
        "请用新版本的程序；数据未变。",
    ),
    "schema-older": ("数据还是旧格式（{found}，现为 {known}）。", "请先启动一次服务，格式会自动更新。"),
    "owner-only": (
        "数据库的这个账号无权建表、改表，操作未生效。",
        "请用建库账号运行 shenpi grant 服务账号，再启动；导入、恢复也用建库账号。",
    ),
    "roles-of-postgresql": ("只有 PostgreSQL 分账号，SQLite 不用。", "单机请管好数据目录的权限。"),
    "role-not-found": ("数据库中没有账号 {role}。", "请先建立：CREATE ROLE {role} LOGIN PASSWORD '…'。"),
    "role-too-strong": (
        "账号 {role} 是超级用户，或就是建库账号（或属于它），限制不了。",
        "请为服务另建一个普通账号。",
    ),
    # finding things
    "project-not-found": ("没有这个项目，或您无权查看。", "请核对名称、代码或链接，或联系项目经办人。"),
    "project-to-choose": (
        "查到名称或代码含“{words}”的项目，须从中选定一个。",
        "请在该栏下面选定后再提交；没有的，请换个写法，或写项目代码。",
    ),
    "stage-not-found": ("该项目类型没有“{stage}”这一事项。", "请核对链接。"),
    "document-not-found": ("该项目类型没有这种材料。", "请核对材料名称。"),
    "definition-not-found": ("没有已发布的项目类型“{type}”。", "请先由管理员发布。"),
    "person-not-found": ("查无此人，或账号已停用。", "请重新选择人员。"),
    "head-malformed": (
        "所持校验码应为16至64位的数字和字母a—f。",
        "请照邮件末尾或另存处所印重抄。",
    ),
    "region-malformed": (
        "行政区划代码“{region}”不是六位数字。",
        "请填写六位代码，如990102；不清楚的可先不填。",
    ),
    "organisation-not-found": ("没有这个单位。", "请重新选择单位。"),
    "entry-not-found": ("没有这条待核对的登记，可能已经核对过，或已撤回。", "请刷新页面。"),
    "audit-entry-not-found": ("没有这条记录，或不在您的审计范围。", "请核对链接。"),
    "incident-not-found": ("没有这条异常，或已经处理。", "请刷新页面。"),
    # who may
    "out-of-scope": ("该单位不在您的管辖范围。", "请由该单位人员办理。"),
    "not-an-administrator": ("此项只能由系统管理员办理。", "请联系系统管理员。"),
    "not-an-auditor": ("审计记录只对督查和系统管理员开放。", "需要查阅的，请联系本单位督查。"),
    "not-the-clerk": ("您不是本项目经办人。", "请由经办人{clerk}办理，或由其办理委托、转办。"),
    "not-the-holder": ("本环节不在您手中，当前办理人：{holders}。", "可由办理人转办或委托给您。"),
    "not-the-submitter": ("只有报送人可以撤回。", "请由{submitter}撤回。"),
    "not-the-author": ("只有登记人可以撤回尚未核对的登记。", "请由{author}撤回，或由核对人不予确认。"),
    "not-the-checker": ("您不是本条登记的核对人。", "请由{checkers}核对。"),
    "not-a-chief": ("此项须由{posts}办理。", "请提请其办理。"),
    "own-submission": ("您是报送人、材料提供人或本次已签批的人，不能审核本件。", "可由{other}审核。"),
    "own-entry": (
        "登记人不能核对自己的登记。",
        "请由{checkers}核对原件；录错了的，请撤回录入，再重新登记。",
    ),
    "own-paper-signature": ("不能代录自己的签批。", "请直接在线签批，或由他人代录。"),
    "own-gate": ("经办人和本次参与人不能自行略过材料。", "请由未参与本件的负责人签署。"),
    "own-clock": ("当前办理人、经办人及其代办人不能延长或暂停自己的时限。", "请由上级负责人办理。"),
    "nobody-to-check": ("没有可以核对的人：{post}空缺，或均须回避。", "请管理员补齐岗位。"),
    "receiver-involved": ("{name}已参与本次报送或签批，不能再办理本环节。", "请另选人员。"),
    "receiver-without-post": ("{name}没有{post}或以上岗位，不能签批本环节。", "请另选人员，或由其办理委托。"),
    "involved-cannot-assign": ("您已参与本件，不能指定由谁签批。", "请由未参与的上级负责人指定。"),
    "receiver-out-of-scope": ("所选人员无权查看本项目。", "请选择本单位或上级单位人员。"),
    "receiver-administers": ("{name}是系统管理员，不办理项目。", "请另选人员。"),
    "receiver-is-holder": ("{name}已经是当前办理人。", "请另选人员。"),
    "own-grant": ("不能给自己授岗，也不能把他人的权限委托给自己。", "请由另一位管理员办理。"),
    "administrator-decides": ("系统管理员不能兼任或代理审核、签批岗位。", "请另选人员。"),
    "last-administrator": (
        "{name}是最后一位系统管理员，收回后无人能够管理。",
        "请先授予另一人系统管理员岗位。",
    ),
    "cannot-disable-self": ("不能停用自己的账号。", "请由另一位管理员办理。"),
    "organisation-disabled": ("“{name}”已停用。", "请另选单位，或由管理员恢复启用。"),
    "organisation-has-units": ("“{name}”下还有启用的单位：{units}。", "请先停用下级单位。"),
    "organisation-has-posts": ("“{name}”还有在岗人员：{people}。", "请先收回其岗位，或调到别的单位。"),
    "organisation-has-projects": ("“{name}”还有{count}个未归档的项目。", "请先办结归档，再停用。"),
    # moves
    "illegal-move": ("“{stage}”现为“{state}”，不能{move}。", "请按页面所列的可办事项办理。"),
    "illegal-project-move": ("项目现为“{state}”，不能{move}。", "请先转到相应状态。"),
    "project-not-running": ("项目已处于“{state}”，不能办理。", "{remedy}"),
    "taking-over-open": ("项目补录尚未结束，事项未启动。", "请先完成补录核对，再“结束补录”。"),
    "step-not-open": ("“{step}”尚未开始或已办完，现为“{state}”。", "请刷新页面。"),
    "stage-not-open": ("事项现为“{state}”，没有可转办的环节。", "请刷新页面。"),
    "step-is-outside": ("本环节由{body}决定，本系统只登记结果。", "请{clerk}登记，由负责人核对。"),
    "not-outside": ("“{stage}”不在外部门办理（现为“{state}”）。", "报送外部门后再登记。"),
    "outcome-unknown": ("没有“{outcome}”这种结论。", "请选择通过、退回或不予批准。"),
    "already-acted": ("{holders}已开始审核，不能撤回。", "可请其退回。"),
    "wait-in-circle": ("两个项目不能互相等待。", "请重新选择。"),
    "awaited-ended": ("所等待的项目已{state}，等不到了。", "请选择其他项目，或无需等待。"),
    "not-waiting": ("本项目没有在等待该项目。", "请刷新页面。"),
    "stages-open": ("尚有未办结的事项：{stages}。", "请先办结；情况有变、不再需要的，更新项目信息，再归档。"),
    "in-use-unfinished": (
        "尚有未办结的事项：{stages}。",
        "依法须经验收的，验收合格后再转投用；确已投用的，请勾选确认，其余事项在归档前办结。",
    ),
    "not-taking-over": ("项目不在补录中，不能补录本事项。", "请按正常流程登记。"),
    "entries-unchecked": ("尚有登记未核对：{stages}。", "请先由负责人核对。"),
    # races
    "stale-page": ("“{stage}”已有变动，您看到的不是最新情况，操作未生效。", "请刷新页面后再办。"),
    "lost-to": ("{who}已于{at}{what}，您的操作未生效。", "请先看现在的进展。"),
    "content-changed": ("您阅看后材料“{title}”已换为第{version}版，意见未生效。", "请重新阅看后签批。"),
    "entry-outdated": ("登记之后事项或材料已有变动，本条登记不再适用。", "请退回登记，由登记人重新录入。"),
    "entry-pending": ("本事项还有一条登记待核对。", "请先由{checkers}核对。"),
    # papers
    "document-missing": ("缺{title}。", "请{clerk}补齐。"),
    "document-missing-registrable": ("缺{title}（可仅登记文号）。", "请{clerk}补齐。"),
    "soft-document-missing": ("缺{title}。", "请补齐，或由负责人写明理由后略过。"),
    "reply-missing": ("缺{title}。", "须先办结“{stage}”。"),
    "reply-not-entered": ("“{stage}”已办结，但未录{title}。", "请{clerk}补录该批文。"),
    "document-expired": ("{title}已过有效期。", "请先办理延续或重新办理。"),
    "fact-unknown": ("尚不知{facts}，无法确定“{title}”是否需要。", "请{clerk}在项目信息中填写。"),
    "field-unknown": ("尚不知{facts}，无法确定“{title}”是否需要。", "请{clerk}在“{stage}”中补登。"),
    "minutes-missing": ("缺{title}。", "集体决策须有会议纪要，请在事项页“所需材料”中上传或登记。"),
    "publicity-not-signed": ("“{step}”须满法定天数，不能以代录签批办结。", "请期满后在线办结。"),
    "turn-gone": ("“{stage}”的前置条件已有变化：{why}。", "请先办结前置事项，或退回经办人。"),
    "not-applicable-now": ("按现有项目信息，“{stage}”已不适用。", "请退回经办人核对项目信息。"),
    "publicity-too-short": ("“{step}”未满{minimum}。", "{day}次日起可以办结。"),
    "publicity-day": ("公示起始日不对。", "请填{first}至{last}之间的实际起始日。"),
    "publicity-day-unwanted": ("“{step}”不是公示，没有公示起始日。", "请去掉公示起始日再提交。"),
    "reply-not-uploaded": (
        "{title}由“{stage}”产生，不能手工上传。",
        "请在该事项办结时登记，在途项目请补录。",
    ),
    "classified-upload": ("{title}属涉密或内部材料，本系统不得上传。", "请线下流转，按保密规定登记。"),
    "format-not-allowed": ("{title}只收{formats}格式。", "请转换格式后重新上传。"),
    "registration-not-allowed": ("{title}须上传，不能仅登记。", "请上传文件。"),
    "paper-is-outside": ("{title}已随“{stage}”报{body}，现在不能更换。", "请先登记补正告知或退件。"),
    "gate-not-soft": ("该材料是法定必备，不能略过。", "请补齐材料。"),
    # replies and numbers
    "reply-not-given": ("尚未填写{title}。", "请填写文号和日期。"),
    "reply-not-issued-here": ("“{stage}”不产生该批文。", "请在产生它的事项登记。"),
    "reply-complete": (
        "{title}的内容已经登记，补登只能填空着的。",
        "登记有误的，请重新办理本事项；补录的，请更正补录。",
    ),
    "reply-without-evidence": ("{title}没有扫描件，也未登记存放处。", "请上传扫描件，或填写原件存放处。"),
    "number-required": ("{title}须填文号。", "请按原件填写。"),
    "number-malformed": (
        "文号“{number}”不合规范。",
        "请按“澴发改审〔{year}〕15号”的样式填写；与原件一致的，请勾选确认。",
    ),
    "date-in-future": ("{title}的日期{day}晚于今天。", "请核对原件。"),
    "date-before-clock": ("日期{day}早于本环节开始日{began}。", "请核对原件。"),
    "validity-before-issue": ("{title}的有效期早于印发日期。", "请核对原件。"),
    "code-malformed": ("项目代码“{code}”格式不对。", "应为24位五段，如2406-990102-04-01-317469。"),
    "title-taken": (
        "该单位已有同名项目“{title}”。",
        "是同一项目的，请打开原项目办理；确是另一个项目的，请确认同名后再登记。",
    ),
    "code-taken": ("项目代码{code}已属于“{title}”。", "一个代码只对应一个项目，请核对。"),
    "code-taken-elsewhere": (
        "项目代码{code}已属于您查看范围以外的一个项目。",
        "请核对代码；确属本项目的，请上级单位查明。",
    ),
    "code-check-digit": ("项目代码“{code}”的校验位不对。", "请与在线平台逐位核对。"),
    "fact-undeclared": ("该项目类型没有“{key}”这一信息。", "请删去该项。"),
    "fact-invalid": ("{title}：{why}。", "请更正。"),
    "sum-differs": ("分项合计{parts}{unit}，与{title}相差{difference}{unit}。", "请核对。"),
    "cap-exceeded": (
        "{title}{amount}{unit}，超过{paper}的{cap_title}{cap}{unit}，多{difference}{unit}。",
        "请核对；确须突破的，先报原批复机关调整（如调概）。",
    ),
    "evidence-missing": ("没有附原件扫描件，也未登记存放处。", "请上传扫描件，或填写原件存放处。"),
    "paper-signature-issues": ("“{stage}”的最后一步要产生批文，不能用代录签批办结。", "请由签批人在线办理。"),
    "fixes-required": ("没有列出需修改事项。", "请一次列全补正事项；告知后一般不再追加。"),
    "text-required": ("{title}不能为空。", "请填写。"),
    "text-too-long": ("{title}超过{longest}字。", "请精简。"),
    "text-control-characters": ("{title}含有不可见的控制字符。", "请全选删去，重新键入；不要直接粘贴。"),
    # tables of running projects
    "intake-changed": ("预览之后，有关项目或人员有了变动，尚未导入。", "请重新核对下列结果，再确认导入。"),
    "intake-code-twice": ("项目代码{code}与第{other}行重复。", "一个代码只对应一个项目，请核对。"),
    "intake-project-twice": ("与第{other}行是同一个项目。", "请合并为一行，或填写各自的项目代码。"),
    "intake-reply-twice": ("{title}与第{other}行重复。", "同一项目的同一批复只填一行。"),
    "intake-name-ambiguous": ("该单位有{count}个同名项目，不能确定是哪一个。", "请填写项目代码。"),
    "intake-other-type": ("该项目已按“{type}”登记。", "请用该类型的模板，或核对项目代码和名称。"),
    "intake-title-differs": ("代码{code}的项目已登记为“{title}”。", "请改为已登记的名称，或核对代码。"),
    "intake-code-differs": (
        "“{title}”已有代码{before}，表中是{after}。",
        "确是同一项目换码的，请勾选确认；是另一个同名项目的，请在表中为原项目也列一行，填写其代码。",
    ),
    "intake-unit-differs": ("该项目已登记在{unit}。", "请改为{unit}，或核对项目代码。"),
    "intake-clerk-differs": ("该项目的经办人现为{clerk}。", "请改为{clerk}；移交经办请在项目页办理。"),
    # clocks
    "no-clock": ("“{stage}”现在没有计时。", "无需办理。"),
    "no-outside-clock": ("“{stage}”尚未受理，没有可以停止或延长的办理时限。", "请先登记受理。"),
    "clock-is-outside": ("“{stage}”的时限属外部门，本局不能延长或暂停。", "请登记外部门的通知。"),
    "clock-stopped": ("时限已处于停止状态。", "请先恢复。"),
    "clock-not-stopped": ("时限没有停止，无需恢复。", "请核对。"),
    "clock-late": ("时限已于{due}届满，不能再暂停。", "请填写情况说明，或提请延长。"),
    "extended-already": ("该时限已经延长过一次。", "行政许可法规定只可延长一次，请核对原件。"),
    "not-above": (
        "督办须由办理人的上级负责人或督查作出（{posts}）。",
        "要催问的，请直接联系{holders}，或请其上级督办。",
    ),
    "own-order": ("本环节就在您手中，不能督办自己。", "请直接办理，或转办。"),
    "not-pressing": (
        "“{stage}”现在没有临期、超期，也没有停住，不用督办。",
        "要提前过问的，请直接联系办理人。",
    ),
    "supervised-already": (
        "{who}已于{at}督办本环节，要求{due}前答复。",
        "请等答复；另有要求的，可请{who}撤回后再督办。",
    ),
    "answer-day-unfit": ("不能以{day}为答复期限：{why}。", "请改为{better}。"),
    "no-order": ("“{stage}”没有未了结的督办，可能已经答复、办结或撤回。", "请刷新页面。"),
    "not-the-issuer": ("只有督办人可以撤回督办。", "请由{who}撤回。"),
    "extension-too-long": ("延长超过允许的{longest}。", "请核对原件。"),
    # people
    "staff-number-taken": ("工号{number}已有人使用。", "同一人只建一个账号，请核对。"),
    "field-invalid": ("“{field}”有误：{why}。", "请更正。"),
    "email-malformed": ("邮箱地址不正确。", "请填写一个完整的邮箱地址。"),
    "post-unknown": ("没有“{key}”这种岗位。", "请重新选择。"),
    "post-held-already": ("此人已任该岗位。", "无需重复办理。"),
    "post-not-held": ("此人不任该岗位。", "请刷新页面。"),
    "delegation-to-self": ("不能委托给本人。", "请另选人员。"),
    "delegation-dates": ("委托期限不正确。", "结束日期须不早于开始日期和今天。"),
    "delegation-too-long": ("委托期限超过一年。", "请分次办理。"),
    "delegation-given": (
        "这段时间已委托{name}代为办理（{starts_on} 至 {ends_on}）。",
        "不必再次委托；要延长的，填写更晚的结束日期。",
    ),
    "delegation-not-found": ("没有正在生效的这项委托。", "请刷新页面。"),
    # the record
    "export-too-large": ("符合条件的记录超过{most}条，一个文件放不下。", "请缩短期间，分次导出。"),
    # definitions
    "version-published": (
        "{type}第{version}版已经发布，内容不同。",
        "已发布的版本不得改动，请把version加一后再发布。",
    ),
    "date-beyond-calendar": ("日期{day}超出工作日历（2000—2100年）。", "请核对日期。"),
}
"""Area by area; each pair is formatted with the data of the reason."""


def says(sentences: Mapping[str, tuple[str, str]]) -> None:
    """Add the refusals of one module: code -> (what is wrong, the remedy); ValueError if a code is taken."""
    if taken := SENTENCES.keys() & sentences:
        raise ValueError(f"said elsewhere already: {sorted(taken)}")
    SENTENCES.update(sentences)


class Reason(Struct, frozen=True):
    """One reason for a refusal: a stable code, the sentence, who can lift it, and where it is.

    `place` names the field, document, stage or file position that the sentence is about.
    """

    code: str
    text: str
    remedy: str = ""
    place: str = ""

    def __str__(self) -> str:
        return f"{self.text}{self.remedy}"


def reason(code: str, /, place: str = "", **data: object) -> Reason:
    """The reason of that code with its sentences filled in from `data`; KeyError for an unknown code."""
    text, remedy = SENTENCES[code]
    return Reason(code, text.format_map(data), remedy.format_map(data), place)


class WorkflowError(Exception):
    """Something anticipated that stops a command or a question. Nothing was changed."""

    def __init__(self, *reasons: Reason, **extra: Any) -> None:
        super().__init__(*reasons)
        self.reasons = reasons
        self.extra = extra

    @property
    def code(self) -> str:
        """The code of the first reason: the one a program should look at."""
        return self.reasons[0].code

    def __str__(self) -> str:
        return "；".join(str(each).rstrip("。") for each in self.reasons) + "。"


class NotFound(WorkflowError):
    """There is no such thing here, or this person may not know of it."""


class Forbidden(WorkflowError):
    """This person may see the thing, but this is not theirs to do."""


class Conflict(WorkflowError):
    """Somebody acted first, or the content changed since it was read; the reason names who and when."""


class Refused(WorkflowError):
    """The rules do not allow this now; every reason is listed, each with who can lift it."""


class Invalid(WorkflowError):
    """What was sent is malformed; every finding names its place and the remedy."""


class Unavailable(WorkflowError):
    """The store cannot take this now (busy, full disk, database away); nothing of it happened."""
