"""Tests, medicines, vaccines, allergies and procedures with their public codes."""

from __future__ import annotations

from salus.synth.clinic.codes import Medicine, Test


def _test(line: str) -> tuple[str, Test]:
    key, loinc, en, zh, unit, low, high, normal, abnormal, digits = (part.strip() for part in line.split("|"))
    bounds = [tuple(float(end) for end in span.split("..")) for span in (normal, abnormal)]
    return key, Test(
        loinc=loinc,
        en=en,
        zh=zh,
        unit=unit,
        low=float(low) if low else None,
        high=float(high) if high else None,
        normal=(bounds[0][0], bounds[0][1]),
        abnormal=(bounds[1][0], bounds[1][1]),
        digits=int(digits),
    )


# key | LOINC | English | Chinese | UCUM | reference low | high | normal results | abnormal results | digits
_TESTS = """
wbc|6690-2|Leukocytes [#/volume] in Blood|白细胞计数|10*9/L|3.5|9.5|4.2..9.0|10.2..18.5|2
hgb|718-7|Hemoglobin [Mass/volume] in Blood|血红蛋白|g/L|115|175|122..160|72..110|0
plt|777-3|Platelets [#/volume] in Blood|血小板计数|10*9/L|125|350|140..330|88..120|0
crp|1988-5|C reactive protein [Mass/volume] in Serum or Plasma|C反应蛋白|mg/L||10|0.5..7|14..120|1
glu|14749-6|Glucose [Moles/volume] in Serum or Plasma|血糖|mmol/L|3.9|6.1|4.3..5.9|7.1..15.8|2
a1c|4548-4|Hemoglobin A1c/Hemoglobin.total in Blood|糖化血红蛋白|%|4.0|6.0|4.6..5.8|6.6..10.9|1
cho|14647-2|Cholesterol [Moles/volume] in Serum or Plasma|总胆固醇|mmol/L||5.2|3.3..5.1|5.4..8.1|2
tri|14927-8|Triglyceride [Moles/volume] in Serum or Plasma|甘油三酯|mmol/L||1.7|0.6..1.6|1.8..5.2|2
hdl|14646-4|Cholesterol in HDL [Moles/volume] in Serum or Plasma|高密度脂蛋白胆固醇|mmol/L|1.0||1.05..1.9|0.6..0.98|2
ldl|22748-8|Cholesterol in LDL [Moles/volume] in Serum or Plasma|低密度脂蛋白胆固醇|mmol/L||3.4|1.6..3.3|3.5..5.9|2
cre|14682-9|Creatinine [Moles/volume] in Serum or Plasma|肌酐|umol/L|41|111|48..104|122..310|0
ura|14933-6|Urate [Moles/volume] in Serum or Plasma|尿酸|umol/L|155|428|180..410|440..640|0
alt|1742-6|Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma|丙氨酸氨基转移酶|U/L|7|50|9..45|58..260|0
ast|1920-8|Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma|天门冬氨酸氨基转移酶|U/L|13|40|15..38|46..190|0
tsh|3016-3|Thyrotropin [Units/volume] in Serum or Plasma|促甲状腺激素|m[IU]/L|0.27|4.2|0.6..3.9|5.1..28|2
fer|2276-4|Ferritin [Mass/volume] in Serum or Plasma|铁蛋白|ug/L|13|150|25..140|3..11|1
upr|2888-6|Protein [Mass/volume] in Urine|尿蛋白|mg/L||150|20..130|180..950|0
"""  # noqa: E501 - the standard's names are as long as they are
TESTS = dict(_test(line) for line in _TESTS.strip().splitlines())

# Tests answered with a word: key -> LOINC, English, Chinese
PRESENCE = {
    "flu": (
        "80382-5",
        "Influenza virus A Ag [Presence] in Upper respiratory specimen by Rapid immunoassay",
        "甲型流感抗原",
    ),
    "cov": (
        "94500-6",
        "SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory specimen by NAA with probe detection",
        "新冠病毒核酸",
    ),
    "hbs": ("5196-1", "Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay", "乙肝表面抗原"),
}

# Reports that gather tests: name -> LOINC, English, Chinese, members
PANELS = {
    "cbc": ("58410-2", "CBC panel - Blood by Automated count", "血常规", ("wbc", "hgb", "plt")),
    "lipids": ("24331-1", "Lipid 1996 panel - Serum or Plasma", "血脂四项", ("cho", "tri", "hdl", "ldl")),
    "liver": ("24325-3", "Hepatic function 2000 panel - Serum or Plasma", "肝功能", ("alt", "ast")),
}


def _medicine(line: str) -> tuple[str, Medicine]:
    en, zh, rxnorm, atc, days, dose_en, dose_zh = (part.strip() for part in line.split("|"))
    return en, Medicine(rxnorm=rxnorm, atc=atc, en=en, zh=zh, dose_en=dose_en, dose_zh=dose_zh, days=int(days))


# English name | Chinese name | RxNorm ingredient | ATC | days | dose in English | dose in Chinese
_MEDICINES = """
amlodipine|氨氯地平片|17767|C08CA01|28|5 mg once daily|口服，每次5mg，每日1次
losartan|氯沙坦钾片|52175|C09CA01|28|50 mg once daily|口服，每次50mg，每日1次
metformin|盐酸二甲双胍片|6809|A10BA02|28|500 mg twice daily with meals|口服，每次0.5g，每日2次，随餐服用
atorvastatin|阿托伐他汀钙片|83367|C10AA05|28|20 mg at night|口服，每次20mg，每晚1次
aspirin|阿司匹林肠溶片|1191|B01AC06|28|100 mg once daily|口服，每次100mg，每日1次
clopidogrel|硫酸氢氯吡格雷片|32968|B01AC04|28|75 mg once daily|口服，每次75mg，每日1次
amoxicillin|阿莫西林胶囊|723|J01CA04|7|500 mg three times daily|口服，每次0.5g，每日3次
azithromycin|阿奇霉素片|18631|J01FA10|3|500 mg once daily|口服，每次0.5g，每日1次
levofloxacin|左氧氟沙星片|82122|J01MA12|7|500 mg once daily|口服，每次0.5g，每日1次
acetaminophen|对乙酰氨基酚片|161|N02BE01|3|500 mg every 6 hours if fever|口服，每次0.5g，发热时服用，间隔6小时
ibuprofen|布洛芬缓释胶囊|5640|M01AE01|5|300 mg twice daily after meals|口服，每次0.3g，每日2次，饭后服用
oseltamivir|磷酸奥司他韦胶囊|260101|J05AH02|5|75 mg twice daily|口服，每次75mg，每日2次
albuterol|硫酸沙丁胺醇吸入气雾剂|435|R03AC02|30|2 puffs when needed|吸入，必要时每次2揿
budesonide|布地奈德吸入剂|19831|R03BA02|30|200 ug twice daily|吸入，每次200μg，每日2次
omeprazole|奥美拉唑肠溶胶囊|7646|A02BC01|14|20 mg before breakfast|口服，每次20mg，每日1次，早餐前
loratadine|氯雷他定片|28889|R06AX13|14|10 mg once daily|口服，每次10mg，每日1次
entecavir|恩替卡韦片|306266|J05AF10|28|0.5 mg once daily, fasting|口服，每次0.5mg，每日1次，空腹
allopurinol|别嘌醇片|519|M04AA01|28|100 mg once daily|口服，每次100mg，每日1次
levothyroxine|左甲状腺素钠片|10582|H03AA01|28|50 ug once daily, fasting|口服，每次50μg，每日1次，空腹
sertraline|盐酸舍曲林片|36437|N06AB06|28|50 mg once daily|口服，每次50mg，每日1次
isoniazid|异烟肼片|6038|J04AC01|28|300 mg once daily|口服，每次0.3g，每日1次
rifampin|利福平胶囊|9384|J04AB02|28|600 mg once daily, fasting|口服，每次0.6g，每日1次，空腹
folic acid|叶酸片|4511|B03BB01|28|0.4 mg once daily|口服，每次0.4mg，每日1次
ferrous sulfate|硫酸亚铁片|24947|B03AA07|28|300 mg once daily|口服，每次0.3g，每日1次
"""
MEDICINES = dict(_medicine(line) for line in _MEDICINES.strip().splitlines())

# CVX, English, Chinese, youngest and oldest age in years
VACCINES = (
    ("19", "BCG", "卡介苗", 0, 0),
    ("08", "Hep B, adolescent or pediatric", "乙型肝炎疫苗", 0, 1),
    ("10", "IPV", "脊髓灰质炎灭活疫苗", 0, 4),
    ("03", "MMR", "麻腮风联合减毒活疫苗", 1, 6),
    ("21", "varicella", "水痘减毒活疫苗", 1, 12),
    ("62", "HPV, quadrivalent", "四价人乳头瘤病毒疫苗", 9, 45),
    ("140", "Influenza, split virus, trivalent, PF", "流感病毒裂解疫苗", 3, 130),
    ("33", "pneumococcal polysaccharide PPV23", "23价肺炎球菌多糖疫苗", 60, 130),
    ("511", "COVID-19 IV Non-US Vaccine (CoronaVac, Sinovac)", "新型冠状病毒灭活疫苗", 3, 130),
)
FOR_WOMEN = frozenset({"62"})

# SNOMED CT, English, Chinese, category, reaction in English, in Chinese
ALLERGIES = (
    ("91936005", "Allergy to penicillin", "青霉素过敏", "medication", "rash", "皮疹"),
    ("91939003", "Allergy to sulfonamide", "磺胺类药物过敏", "medication", "rash", "皮疹"),
    ("293586001", "Allergy to aspirin", "阿司匹林过敏", "medication", "wheezing", "喘息"),
    ("91935009", "Allergy to peanut", "花生过敏", "food", "swelling of the lips", "口唇肿胀"),
    ("417532002", "Allergy to fish", "鱼类过敏", "food", "hives", "荨麻疹"),
    ("232350006", "House dust mite allergy", "尘螨过敏", "environment", "sneezing", "喷嚏、流涕"),
)

# SNOMED CT, English, Chinese
PROCEDURES = {
    "ecg": ("29303009", "Electrocardiographic procedure", "心电图检查"),
    "xray": ("399208008", "Plain X-ray of chest", "胸部X线检查"),
    "ultrasound": ("16310003", "Diagnostic ultrasonography", "超声检查"),
    "appendectomy": ("80146002", "Excision of appendix", "阑尾切除术"),
    "cataract": ("54885007", "Extraction of cataract", "白内障摘除术"),
    "colonoscopy": ("73761001", "Colonoscopy", "结肠镜检查"),
}
