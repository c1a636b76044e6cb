"""What a desk is told where its place is not admitted, in both languages: why, and what to do."""

from __future__ import annotations

from datetime import datetime

from salus.kernel import Refused, format_instant

_EN = (
    "no admission of this place is in force, so that no code, visit or emergency opens a record here; who runs this"
    " node has one published (salus facility admission, salus publish), and it counts 72 hours later; until then treat"
    " the person without the record"
)
_ZH = (
    "本机构没有生效的准入公告，因此在此不能凭码、就诊或急救打开档案；"
    "请节点运营者发布准入公告（salus facility admission、salus publish），公告72小时后生效；"
    "在此之前请照常救治，不查阅档案"
)


class NotAdmitted(Refused):
    """A place of care that no admission in force names, and whose time after an upgrade is over or never was."""

    code = "SALUS-A093"


def not_admitted(ended: datetime | None) -> NotAdmitted:
    """Return the error to raise at a desk; `ended` is when its place's time after the upgrade did, if it had one."""
    if ended is None:
        return NotAdmitted(f"{_EN} / {_ZH}")
    told = format_instant(ended)
    en = f"the 30 days after the upgrade ended at {told}"
    return NotAdmitted(f"{en}: {_EN} / 升级后的30天已于{told}结束：{_ZH}")
