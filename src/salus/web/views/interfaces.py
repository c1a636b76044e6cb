"""The field groups and interfaces of GB/T 38961, 38962 and 38963, and what each of them is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from salus.web.words import noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One name of a published list, in Chinese as published, what it is here, and whether that is a refusal."""

    published: str
    name: str
    here: str
    refused: bool = False


INTERFACES: tuple[Mapped, ...] = (
    Mapped(
        published="个人健康申报",
        name=noop("Health declaration"),
        here=noop(
            "None. Nobody declares symptoms to a code; what care finds is in the record, sent by those who found it."
        ),
    ),
    Mapped(
        published="个人行程申报",
        name=noop("Itinerary declaration"),
        here=noop(
            "Refused, whatever is sent. No place of a person is collected here; people are told of an exposure on their"
            " own device."
        ),
        refused=True,
    ),
    Mapped(
        published="个人健康状况查询",
        name=noop("Health query"),
        here=noop(
            "The resident reads the own record, notices and certificates; a place of care reads by the identity code."
        ),
    ),
    Mapped(
        published="健康码调用申请",
        name=noop("Code invocation"),
        here=noop(
            "A hospital’s system registers once and reads codes for care. A door needs no permission and no network."
        ),
    ),
    Mapped(
        published="制码",
        name=noop("Code making"),
        here=noop("An identity code, or a certificate that the resident asks for. No colour is made of anything."),
    ),
    Mapped(
        published="验码",
        name=noop("Code verification"),
        here=noop("The page of a door and a command, both offline: a fact, or nothing shown. Nothing is sent or kept."),
    ),
    Mapped(
        published="纠错",
        name=noop("Correction"),
        here=noop("A contest with a clock: another organisation answers, and a late answer ends what is contested."),
    ),
)
FIELDS: tuple[Mapped, ...] = (
    Mapped(
        published="姓名、性别、国籍、证件类型、证件号码",
        name=noop("Name, sex, nationality, document type and number"),
        here=noop(
            "In the record, sealed. In no identity code and no certificate of ours; in one for other systems by choice."
        ),
    ),
    Mapped(
        published="户籍所在地、详细地址、联系电话",
        name=noop("Household registration, detailed address, telephone"),
        here=noop(
            "An address as a hospital wrote it stays sealed in the record. In no code, and no rule can read one."
        ),
    ),
    Mapped(
        published="基础疾病",
        name=noop("Underlying diseases"),
        here=noop("Problems of the record, for care. In no code."),
    ),
    Mapped(
        published="体温、当前症状",
        name=noop("Temperature, present symptoms"),
        here=noop("Observations of the record, if care took them. In no code."),
    ),
    Mapped(
        published="疫情高风险地区旅居史",
        name=noop("Stays in high-risk areas"),
        here=noop("Refused: taken out at the door, and the sender is told."),
        refused=True,
    ),
    Mapped(
        published="健康码颜色",
        name=noop("Colour of a code"),
        here=noop("Refused: never read, never copied. What comes in are facts, with their source’s hash and signer."),
        refused=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    """Both lists."""

    template: ClassVar[str] = "interfaces.html"
    interfaces: tuple[Mapped, ...] = INTERFACES
    fields: tuple[Mapped, ...] = FIELDS
