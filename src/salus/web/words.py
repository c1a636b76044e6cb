"""The words for every closed list that a page shows: roles, purposes, grounds, parts of a record, notices, troubles.

Texts are English sources for the catalogue; `noop` marks them for extraction. A code without words here is an error in
a closed list, and falls back to the code itself only where the list is not ours (FHIR types).
"""

from __future__ import annotations

from collections.abc import Mapping

from salus.kernel import Purpose, Role
from salus.web.views import DeskTrouble, FailureKind, Flag, Notice, Severity, Sex
from salus.web.views.accounts import InvitationTrouble, SetUpTrouble, SignInTrouble


def noop(text: str) -> str:
    """Mark a text for the catalogue, and leave it as it is."""
    return text


ROLES: Mapping[Role, str] = {
    Role.HOSPITAL_SYSTEM: noop("A hospital’s system"),
    Role.SAMPLING_SITE: noop("A sampling site’s system"),
    Role.LABORATORY: noop("A laboratory’s system"),
    Role.DEPARTMENT_SYSTEM: noop("Another department’s system"),
    Role.CLINICIAN: noop("Clinician"),
    Role.RECEPTION: noop("Reception"),
    Role.RESIDENT: noop("Resident"),
    Role.EPIDEMIOLOGIST: noop("Epidemiologist"),
    Role.COMMANDER: noop("Commander"),
    Role.APPEAL_OFFICER: noop("Appeal officer"),
    Role.INDEX_REVIEWER: noop("Index reviewer"),
    Role.ACCESS_REVIEWER: noop("Access reviewer"),
    Role.AUDITOR: noop("Auditor"),
    Role.OPERATOR: noop("Operator"),
}

PURPOSES: Mapping[Purpose, str] = {
    Purpose.TREAT: noop("To treat or care for this person"),
    Purpose.ETREAT: noop("An emergency: life or health is at risk now"),
    Purpose.PUBHLTH: noop("To protect public health"),
    Purpose.PATRQT: noop("Because the resident asked for it"),
    Purpose.HOPERAT: noop("To run the institution"),
    Purpose.HRESCH: noop("Approved health research"),
}

GROUNDS: Mapping[str, str] = {
    "care-relation": noop(
        "Your code or number was given there, which opens your record to that place for 24 hours at most."
    ),
    "care-facility": noop("A place of care looked you up, to open your record for treatment."),
    "emergency": noop("It was an emergency, they said. Somebody of another organisation judges that within 72 hours."),
    "emergency-review": noop("Somebody judged an opening in an emergency; nothing of your record was shown."),
    "own-facility": noop("That institution wrote this entry itself."),
    "own-record": noop("It is your own record."),
    "reference": noop("That institution referred to this and was told that nothing is there; nothing was shown."),
    "shown": noop("You handed it over there, as a file made for that place alone."),
    "record-keeper": noop("That institution keeps your health record, and looked who is due for a visit."),
    "directory": noop("Only the directory of institutions was read."),
    "role": noop("The role allows it."),
    "code-given": noop("By the right to show your identity code, which you gave, or a desk for a child."),
    "card-agreed": noop("You were there, and agreed that your code is printed."),
    "guardian-paper": noop(
        "A desk there ended the rights of your guardians to show your code, on a paper that it saw."
    ),
    "contested": noop("You contested it, and asked for an answer."),
    "undone": noop("It was opened for a change that was then refused; nothing was stored."),
    "parted": noop("You were taken for one person with somebody else then, and this look was at a record of yours."),
    "index-match": noop("A place of care asked whether the index knows somebody like you, to register you there."),
    "own-charts": noop("That institution said that two of its own records are one person’s."),
    "node-operator": noop("Whoever runs this node asked why records are held to be yours; none was opened."),
    "court-order": noop(
        "A court ordered it. Several organisations signed, and the public log says so; see /about/power."
    ),
    "retention-ended": noop("The time for which it has to be kept is over. Two organisations signed."),
    "resident-asked": noop("You asked for it. Two organisations signed."),
    "identity-question": noop("A person judged whether two records are one person’s; nothing clinical was shown."),
}

FOUND: Mapping[str, str] = {
    "positive": noop("found"),
    "negative": noop("not found"),
    "indeterminate": noop("could not be told"),
}
DISEASES: Mapping[str, str] = {
    "covid-19": noop("COVID-19"),
    "measles": noop("Measles"),
}

MEASURES: Mapping[str, str] = {
    "none": noop("nothing"),
    "advise": noop("advice"),
    "precaution": noop("a precaution"),
}

PARTS: Mapping[str, str] = {
    "summary": noop("Summary of your record"),
    "emergency": noop("Your record was opened in an emergency"),
    "emergency-review": noop("Why your record was opened in an emergency, and what kinds of entries were read"),
    "everything": noop("Your whole record, or the part of it that was asked for"),
    "register": noop("The list of who looked"),
    "follow-up": noop("Whether you are due for a check-up or a vaccination"),
    "code": noop("Your identity code"),
    "guardians-ended": noop("Your guardians’ rights to show your code were ended"),
    "sharing": noop("Who may show your code, and whose codes you may show"),
    "card": noop("A card with your identity code was ordered or printed at a desk"),
    "phone": noop("A phone that shows your code, added or removed"),
    "closing": noop("What you opened and closed, as far as it is for that place"),
    "closed-for-you": noop("Something was closed for you, on a paper that you signed"),
    "certificate": noop("Your certificates, or the entries that one can be taken of"),
    "brought": noop("What you brought from certificates of other systems, or whether one is yours"),
    "full-certificate": noop("Your certificates with name and birth date, or what one can be taken of"),
    "identity": noop("Your name, to be sure that it is you"),
    "person": noop("Who you are: names, birth date, numbers, addresses; nothing clinical"),
    "judgement": noop("Whether two records are one person’s was judged"),
    "match": noop("That you are in the index; of you nothing but what they had said themselves"),
    "cross-reference": noop("Under which numbers your records are kept"),
    "links": noop("Why records are held to be yours; not what is in them"),
    "contest": noop("What you contested"),
    "institutions": noop("Which institutions’ records are held to be yours"),
    "report": noop("It was reported that records may not belong together; a person judges it"),
    "notice": noop("Your notice, if there is one"),
    "receipt": noop("The receipt of a specimen of yours, with its results"),
    "notice-shown": noop("A file was made with which you can show your notice, if there is one, to one place of care"),
    "result": noop("A result of a laboratory"),
    "disclosure": noop("Entries of your record, which were shown to a court that ordered it"),
    "destroyed": noop("A record of yours was destroyed, so that nobody can read it any more"),
    "account": noop("A slip was printed with which your account can be opened"),
    "AllergyIntolerance": noop("Allergies"),
    "Appointment": noop("Appointments"),
    "Binary": noop("Files"),
    "Bundle": noop("Several entries at once"),
    "CarePlan": noop("Care plans"),
    "CareTeam": noop("Who cares for you"),
    "Claim": noop("Bills"),
    "Composition": noop("Documents"),
    "Condition": noop("Problems and diagnoses"),
    "Consent": noop("Consents"),
    "Coverage": noop("Insurance"),
    "Device": noop("Devices and implants"),
    "DiagnosticReport": noop("Reports of laboratory and imaging"),
    "DocumentReference": noop("Documents"),
    "Encounter": noop("Visits and stays"),
    "ExplanationOfBenefit": noop("Insurance statements"),
    "FamilyMemberHistory": noop("Illnesses in the family"),
    "Goal": noop("Goals of care"),
    "ImagingStudy": noop("Images"),
    "Immunization": noop("Vaccinations"),
    "Medication": noop("Medicines"),
    "MedicationAdministration": noop("Medicines given"),
    "MedicationDispense": noop("Medicines handed out"),
    "MedicationRequest": noop("Prescriptions"),
    "MedicationStatement": noop("Medicines"),
    "Observation": noop("Measurements and results"),
    "Patient": noop("Name, birth date and contact details"),
    "Procedure": noop("Operations and procedures"),
    "QuestionnaireResponse": noop("Questionnaires"),
    "RelatedPerson": noop("Relatives"),
    "ServiceRequest": noop("Orders and referrals"),
    "Specimen": noop("Samples"),
}
OTHER_PART = noop("Other entries (%(kind)s)")

PERSON: Mapping[str, str] = {
    "name": noop("Name"),
    "birth_date": noop("Birth date"),
    "gender": noop("Sex"),
    "telephone": noop("Telephone"),
    "address": noop("Address"),
}

STANDS: Mapping[str, str] = {
    "alone": noop("Nobody states anything else."),
    "document": noop("It goes with an identity card number; others are stated, too."),
    "most": noop("Most institutions state it; others are stated, too."),
    "newest": noop("It is the newest; others are stated, too."),
}

PUBLICATIONS: Mapping[str, str] = {
    "assignment-rules": noop("Rules for notices"),
    "emergency": noop("Emergency"),
    "declaration": noop("Declaration for doors"),
    "acceptance-rules": noop("Rules for certificates"),
    "recognition": noop("Issuers of other systems that are recognised"),
    "trust-list": noop("Issuers whose keys count"),
    "admission": noop("Places that are admitted"),
}

PARTY_DUTIES: Mapping[str, str] = {
    "sampling-site": noop("specimens"),
    "laboratory": noop("results"),
    "issuer": noop("decisions and certificates"),
    "signer": noop("rules, emergencies and declarations"),
    "witness": noop("the log’s heads, as a witness"),
    "ombudsman": noop("a veto, as an ombudsman"),
    "investigator": noop("that somebody was exposed, as an investigator"),
}

KEY_ENDS: Mapping[str, str] = {
    "lost": noop("it was lost"),
    "compromised": noop("others had it"),
    "rotated": noop("another took its place"),
}

ATTEMPTS: Mapping[str, str] = {
    "write-measure": noop("sent as a record"),
    "import-measure": noop("sent in an import"),
    "guess-measure-route": noop("sent to an address that does not exist"),
}

VOIDS: Mapping[str, str] = {
    "holder": noop("their holders asked for it"),
    "superseded": noop("the entry of the record was corrected"),
    "not-ones-own": noop("the entry was another person’s"),
    "together": noop("several reasons together"),
}

SEXES: Mapping[Sex, str] = {
    Sex.MALE: noop("Male"),
    Sex.FEMALE: noop("Female"),
    Sex.OTHER: noop("Other"),
    Sex.UNKNOWN: noop("Sex not stated"),
}

SEVERITIES: Mapping[Severity, str] = {
    Severity.MILD: noop("mild"),
    Severity.MODERATE: noop("moderate"),
    Severity.SEVERE: noop("severe"),
}

FLAGS: Mapping[Flag, str] = {
    Flag.LOW: noop("below the usual range"),
    Flag.HIGH: noop("above the usual range"),
    Flag.ABNORMAL: noop("outside the usual"),
}

NOTICES: Mapping[Notice, str] = {
    Notice.CODE_REPLACED: noop("You have a new code. The old one no longer works, on paper or on a screen."),
    Notice.PHONE_REMOVED: noop("The phone is removed. Its codes no longer work."),
    Notice.SIGNED_OUT: noop("You have signed out."),
    Notice.STEPPED_IN: noop("You have stepped into this role. What you do now is real on this demonstration node."),
    Notice.PASSKEY_ADDED: noop("The passkey is added. You can sign in with it from now on."),
    Notice.CONTESTED: noop("You contested it. The clock runs; keep the receipt."),
    Notice.ANSWERED: noop("Your answer is kept. It counts once witnesses have vouched for it, before its deadline."),
    Notice.CERTIFICATE_TAKEN: noop("You have a new certificate. Show or print it where you want to, and nowhere else."),
    Notice.CERTIFICATE_VOIDED: noop("The certificate is void. Doors refuse it from their next update on."),
    Notice.FULL_VOIDED: noop(
        "The certificate is void. Doors here refuse it from their next update on, others only if they read our lists."
    ),
    Notice.BROUGHT: noop("The facts are kept, with who signed them. They decide nothing."),
    Notice.BROUGHT_OUT: noop("It is taken out."),
    Notice.HANDED_OVER: noop("The command room has the figures now, small ones hidden, and nothing else."),
    Notice.VERDICT_RECORDED: noop("The verdict is recorded, with your name and reason."),
    Notice.JUDGED: noop("Your answer is kept. Both residents see that the pair was judged."),
    Notice.LEFT_TO_OTHERS: noop("Your answer is kept and counted. The pair waits for somebody who can tell."),
    Notice.REPORTED: noop("A reviewer is asked now. Nothing changes before a person has looked at it."),
    Notice.ASKED_AGAIN: noop("The pair waits in the queue again."),
    Notice.SECOND_NEEDED: noop("Your answer is kept. A second person has to answer before anything changes."),
    Notice.SAID: noop("Done. It holds from now on."),
    Notice.TAKEN_BACK: noop("Done. It is taken back from now on."),
    Notice.CODE_TAKEN: noop("You may show this code from now on. Who gave it to you sees that you took it."),
    Notice.OPENING_JUDGED: noop("Your answer is kept. The resident sees it."),
    Notice.SHARING_ENDED: noop("It is over. The code is not shown there any more."),
    Notice.CARD_WAITS: noop("The card waits to be printed. The resident sees that you asked for it."),
    Notice.CLOSED_FOR_RESIDENT: noop("It is closed from now on. The resident sees that you wrote it down."),
    Notice.ASSESSMENT_RECORDED: noop("The assessment is recorded, with your name."),
    Notice.SET_UP_DONE: noop("Your sign-in is set up. From now on use your password with a code from the app."),
}

SIGN_IN_TROUBLES: Mapping[SignInTrouble, str] = {
    SignInTrouble.WRONG: noop("That did not match. Check the account name, the password and the one-time code."),
    SignInTrouble.PASSKEY: noop("The passkey did not work. Try again, or use the password below."),
    SignInTrouble.TOO_MANY: noop("Too many attempts. Wait %(minutes)s minutes, then try again."),
    SignInTrouble.EXPIRED: noop("The page was open for too long. Sign in again."),
}

INVITATION_TROUBLES: Mapping[InvitationTrouble, str] = {
    InvitationTrouble.UNKNOWN: noop(
        "This invitation does not work: mistyped, used already, replaced by a newer one, or too old. Ask for a new one."
    ),
    InvitationTrouble.HAS_SIGN_IN: noop("This account has a sign-in already. Sign in with it."),
}

SET_UP_TROUBLES: Mapping[SetUpTrouble, str] = {
    SetUpTrouble.UNFIT: noop("The account name needs 3 to 64 characters, and the password 12 to 256."),
    SetUpTrouble.TAKEN: noop("This account name is taken. Choose another one."),
    SetUpTrouble.CODE: noop("This code does not fit. Wait for the app’s next one; check the clock of your phone."),
}

DESK_TROUBLES: Mapping[DeskTrouble, str] = {
    DeskTrouble.EMPTY: noop("Scan or type the code, or type the ID number."),
    DeskTrouble.CODE: noop(
        "This code is not in use. Scan what is shown now: a phone changes it every 30 seconds, and it can be replaced."
    ),
    DeskTrouble.CHECK_DIGIT: noop("This ID number has a slip: its last character does not fit. Type it again."),
    DeskTrouble.REFERENCE: noop("No visit with this reference is open here. It ends with the visit."),
    DeskTrouble.NOBODY: noop("No resident has this ID number. Check it, or register the person in your own system."),
    DeskTrouble.PURPOSE: noop("Say why you need the record."),
}

FAILURES: Mapping[FailureKind, tuple[str, str, str]] = {
    FailureKind.INVALID: (
        noop("We could not read that request"),
        noop("Something in what was sent does not fit. Nothing was changed and nothing was lost."),
        noop("Go back, check what you entered, and send it again."),
    ),
    FailureKind.SIGN_IN: (
        noop("Sign in to see this page"),
        noop("You are not signed in, or the session has ended. Nothing was lost."),
        noop("Sign in, and you will come back here."),
    ),
    FailureKind.REFUSED: (
        noop("You may not open this"),
        noop("Your role does not open it, or the care relation has ended. Nothing was shown and nothing was lost."),
        noop("At a place of care, ask the person for their code again. Elsewhere, go back to the first page."),
    ),
    FailureKind.NOT_ADMITTED: (
        noop("This place is not admitted"),
        noop(
            "No published admission of this place is in force, so no code, visit or emergency opens a record here."
            " Nothing was shown and nothing was lost."
        ),
        noop(
            "Treat the person without the record. Ask whoever runs this node to have an admission published:"
            " it counts 72 hours later."
        ),
    ),
    FailureKind.EXPIRED: (
        noop("The form was open for too long"),
        noop("For your safety a form works only for a while. Nothing was changed and nothing was lost."),
        noop("Go back, reload the page, and send the form again."),
    ),
    FailureKind.NOT_FOUND: (
        noop("There is no such page"),
        noop("The address leads nowhere, or to something that you may not see. Nothing was lost."),
        noop("Check the address, or go to the first page."),
    ),
    FailureKind.TOO_MANY: (
        noop("Too many requests at once"),
        noop("To protect everyone, this node takes only so many. Nothing was lost."),
        noop("Wait a minute, then try again."),
    ),
    FailureKind.UNAVAILABLE: (
        noop("We could not answer just now"),
        noop("Part of the service is not reachable. Nothing was half done and nothing was lost."),
        noop("Try again in a minute. Care goes on without this page: ask the person, and write it down."),
    ),
    FailureKind.UNSAFE: (
        noop("We stopped, to be safe"),
        noop("A check on ourselves did not hold, so we show nothing rather than something wrong. Nothing was lost."),
        noop("A person has to look at this. Tell the operator the code below."),
    ),
}
