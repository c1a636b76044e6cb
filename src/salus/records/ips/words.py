"""The few words that a summary document says itself, in English and Chinese. What the record says stays as written."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "zh")
Words = tuple[str, str]

TITLE: Words = ("International patient summary", "国际患者摘要")
COLUMNS: Mapping[str, Words] = {
    "text": ("What", "内容"),
    "detail": ("Detail", "说明"),
    "at": ("Date", "日期"),
    "facility": ("Institution", "机构"),
}
NOTHING: Mapping[str, Words] = {
    "problems": ("No current problem is written down in this record.", "本档案未记载当前问题。"),
    "allergies": (
        "Nothing is written about allergies. That does not mean there are none: ask.",
        "没有关于过敏的记载。这不表示没有过敏：请询问。",
    ),
    "medicines": ("No current medicine is written down in this record.", "本档案未记载当前用药。"),
}
UNCONFIRMED: Words = ("not confirmed", "未确认")
LEFT_OUT: Words = (
    "In the record, and not in this summary (older, repeated, withdrawn, or of a kind that no section holds): ",
    "档案中有、但本摘要未列入的内容（较早、重复、已撤回，或不属于任何章节）：",
)
COMPLETE: Words = ("Everything in the record stands in this summary.", "档案中的全部内容均已列入本摘要。")
OF_ONE: Words = ("Made of the records of: ", "依据以下机构的档案生成：")
MADE: Words = (
    "Made by a machine on demand; nobody has attested it. What stands here is what institutions wrote.",
    "由系统按需生成，未经任何人签署确认。所列内容均为各机构的记载。",
)
KINDS: Mapping[str, Words] = {
    "AllergyIntolerance": ("allergies", "过敏"),
    "CarePlan": ("care plans", "诊疗计划"),
    "CareTeam": ("care teams", "诊疗团队"),
    "Claim": ("bills", "账单"),
    "Condition": ("problems", "问题"),
    "Device": ("devices", "器械"),
    "DiagnosticReport": ("reports", "检查检验报告"),
    "DocumentReference": ("documents", "文书"),
    "Encounter": ("visits and stays", "就诊与住院"),
    "ExplanationOfBenefit": ("insurance statements", "保险结算单"),
    "Goal": ("goals of care", "诊疗目标"),
    "ImagingStudy": ("imaging studies", "影像检查"),
    "Immunization": ("vaccinations", "预防接种"),
    "MedicationAdministration": ("medicines given", "给药记录"),
    "MedicationDispense": ("medicines handed out", "发药记录"),
    "MedicationRequest": ("prescriptions", "处方"),
    "MedicationStatement": ("medicines told of", "用药陈述"),
    "Observation": ("measurements and results", "测量与结果"),
    "Procedure": ("procedures", "操作"),
    "ServiceRequest": ("orders and referrals", "申请与转诊"),
    "Specimen": ("samples", "标本"),
}


def in_language(words: Words, language: str) -> str:
    """Return one of the two spellings; English unless Chinese is asked for."""
    return words[LANGUAGES.index(language)] if language in LANGUAGES else words[0]
