"""What a notice says of each event, in Kazakh, Russian and English.

A place in braces is a field of the event: an identity, a code or a date, nothing else. Codes are spelled by `CODES`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from baqylau.contracts import control, control_extensions, registry
from baqylau.contracts.base import PublicEvent


class Text(NamedTuple):
    """The same in the three languages."""

    kk: str
    ru: str
    en: str


CONFIDENTIAL = Text(
    "Сіз танысуға тиіс жазба бар: {subject_id}.",
    "Есть запись, с которой Вам следует ознакомиться: {subject_id}.",
    "There is something for you to see: {subject_id}.",
)
"""All that the confidential line's notices say, whatever happened."""

TITLE = Text("Бақылау: хабарлама", "Бақылау: уведомление", "Baqylau: notice")

ASSIGNMENT = Text("{assignment_id} тапсырмасы: ", "Поручение {assignment_id}: ", "Assignment {assignment_id}: ")
"""Stands before the text of every event of an assignment."""

DOCUMENTS: Mapping[type[PublicEvent], Text] = {
    registry.DocumentRegistered: Text(
        "{registration_number} құжаты {registered_on} тіркелді.",
        "Документ {registration_number} зарегистрирован {registered_on}.",
        "Document {registration_number} was registered on {registered_on}.",
    ),
    registry.DocumentCorrected: Text(
        "{document_id} құжатының деректемелері {corrected_on} түзетілді.",
        "Реквизиты документа {document_id} исправлены {corrected_on}.",
        "The requisites of document {document_id} were corrected on {corrected_on}.",
    ),
    registry.DocumentWithdrawn: Text(
        "{document_id} құжаты {withdrawn_on} қайтарып алынды.",
        "Документ {document_id} отозван {withdrawn_on}.",
        "Document {document_id} was withdrawn on {withdrawn_on}.",
    ),
}

ASSIGNMENTS: Mapping[type[PublicEvent], Text] = {
    control.AssignmentIssued: Text(
        "бақылауға қойылды; {clause}-тармақ, берілген күні {issued_on}, орындаушы {executor}, мерзімі {deadline}.",
        "поставлено на контроль; пункт {clause}, дано {issued_on}, исполнитель {executor}, срок {deadline}.",
        "put on control; clause {clause}, issued on {issued_on}, executor {executor}, deadline {deadline}.",
    ),
    control.ProposalSubmitted: Text(
        "{co_executor} ұсынысы {submitted_on} {late} берілді; ұсыныс мерзімі {due}.",
        "предложение {co_executor} подано {submitted_on} {late}; срок предложения {due}.",
        "the proposal of {co_executor} was submitted on {submitted_on}, {late}; it was due on {due}.",
    ),
    control.ProposalMissed: Text(
        "{co_executor} ұсынысы {due} күнгі мерзімде берілмеді.",
        "предложение {co_executor} не поступило в срок {due}.",
        "the proposal of {co_executor} was not in by {due}.",
    ),
    control.ExecutionReported: Text(
        "орындалуы туралы № {number} есеп {reported_on} берілді; мерзімі {deadline}.",
        "отчёт об исполнении № {number} представлен {reported_on}; срок {deadline}.",
        "report {number} on its execution was handed in on {reported_on}; deadline {deadline}.",
    ),
    control.ExecutionReturned: Text(
        "№ {number} есеп {returned_on} қайтарылды; мерзімі {deadline}.",
        "отчёт № {number} возвращён {returned_on}; срок {deadline}.",
        "report {number} was returned on {returned_on}; deadline {deadline}.",
    ),
    control.AssignmentCompleted: Text(
        "{on_time} орындалды, {completed_on} бақылаудан алынды.",
        "исполнено {on_time}, снято с контроля {completed_on}.",
        "executed {on_time}, taken off control on {completed_on}.",
    ),
    control.AssignmentCorrected: Text(
        "{corrected_on} түзетілді.", "исправлено {corrected_on}.", "corrected on {corrected_on}."
    ),
    control.ExecutorReplaced: Text(
        "{replaced_on} {previous} орнына {role} болып {replacement} белгіленді.",
        "{replaced_on} вместо {previous} {role} определена организация {replacement}.",
        "on {replaced_on} {replacement} took the place of {previous} as {role}.",
    ),
    control.AssignmentWithdrawn: Text(
        "{withdrawn_on} қайтарып алынды.", "отозвано {withdrawn_on}.", "withdrawn on {withdrawn_on}."
    ),
    control.DeadlineMissed: Text(
        "{deadline} күнгі орындау мерзімі бұзылды.",
        "срок исполнения {deadline} нарушен.",
        "the deadline {deadline} was missed.",
    ),
    control.DeadlineMissRescinded: Text(
        "{deadline} күнгі мерзімнің бұзылуы туралы жазбаның күші {rescinded_on} жойылды.",
        "запись о нарушении срока {deadline} отменена {rescinded_on}.",
        "the miss of the deadline {deadline} was rescinded on {rescinded_on}.",
    ),
}

LETTERS: Mapping[type[PublicEvent], Text] = {
    control_extensions.ExtensionRequested: Text(
        "{kind} № {number} хат {submitted_on} қабылданып, {addressed_to} жолданды; сұралған мерзім {new_deadline}.",
        "письмо № {number} {kind} принято {submitted_on}, направлено {addressed_to}; запрошен срок {new_deadline}.",
        "letter {number} {kind} was taken in on {submitted_on}, and goes {addressed_to}; it asks for {new_deadline}.",
    ),
    control_extensions.DisciplinaryReviewRaised: Text(
        "№ {number} хатқа байланысты {raised_on} жауапты адамдардың тәртіптік жауапкершілігі туралы мәселе қойылды.",
        "в связи с письмом № {number} {raised_on} поставлен вопрос о дисциплинарной ответственности должностных лиц.",
        "with letter {number} the disciplinary liability of the responsible officials came up on {raised_on}.",
    ),
    control_extensions.PenaltyReviewRaised: Text(
        "№ {number} хатқа байланысты {raised_on} бірінші басшыларды жазалау туралы мәселе қойылды.",
        "в связи с письмом № {number} {raised_on} поставлен вопрос о наказании первых руководителей.",
        "with letter {number} the punishment of the first heads came up on {raised_on}.",
    ),
    control_extensions.ExpertOpinionIssued: Text(
        "№ {number} хат бойынша сараптамалық қорытынды {issued_on} берілді: {supports}.",
        "экспертное заключение по письму № {number} дано {issued_on}: {supports}.",
        "the expert opinion on letter {number} was given on {issued_on}: {supports}.",
    ),
    control_extensions.OpinionMissed: Text(
        "№ {number} хат бойынша сараптамалық қорытынды {due} күнгі мерзімде берілмеді.",
        "экспертное заключение по письму № {number} не дано в срок {due}.",
        "the expert opinion on letter {number} was not in by {due}.",
    ),
    control_extensions.ExtensionGranted: Text(
        "мерзімі {previous_deadline} күнінен {new_deadline} күніне ұзартылды; {decided_on}, {decided_by}.",
        "срок продлён с {previous_deadline} до {new_deadline}; {decided_on}, {decided_by}.",
        "the deadline was extended from {previous_deadline} to {new_deadline}; {decided_on}, {decided_by}.",
    ),
    control_extensions.ControlTransferred: Text(
        "бақылау түрі өзгертілді: {previous_control} – {control}; мерзімі {new_deadline}; {decided_on}, {decided_by}.",
        "вид контроля изменён: {previous_control} – {control}; срок {new_deadline}; {decided_on}, {decided_by}.",
        "control was moved from {previous_control} to {control}; deadline {new_deadline}; {decided_on}, {decided_by}.",
    ),
    control_extensions.ExtensionRefused: Text(
        "№ {number} хат қабылданбады, {deadline} мерзімі өзгермейді; {decided_on}, {decided_by}.",
        "по письму № {number} отказано, срок {deadline} не изменён; {decided_on}, {decided_by}.",
        "letter {number} was refused, the deadline {deadline} stays; {decided_on}, {decided_by}.",
    ),
    control_extensions.GovernmentDecisionNoticeDue: Text(
        "№ {number} хат бойынша шешім туралы Президент Әкімшілігіне {due} күнінен кешіктірмей хабарлау керек.",
        "о решении по письму № {number} следует сообщить Администрации Президента не позднее {due}.",
        "the President's Administration is to be told of the decision on letter {number} by {due}.",
    ),
    control_extensions.GovernmentDecisionNoticeGiven: Text(
        "№ {number} хат бойынша шешім туралы Президент Әкімшілігіне {given_on} {late} хабарланды.",
        "о решении по письму № {number} сообщено Администрации Президента {given_on} {late}.",
        "the President's Administration was told of the decision on letter {number} on {given_on}, {late}.",
    ),
    control_extensions.NoticeMissed: Text(
        "№ {number} хат бойынша шешім туралы Президент Әкімшілігіне {due} күнгі мерзімде хабарланбады.",
        "о решении по письму № {number} не сообщено Администрации Президента в срок {due}.",
        "the President's Administration was not told of the decision on letter {number} by {due}.",
    ),
    control_extensions.TermsRederived: Text(
        "күндер өндірістік күнтізбенің {calendar_version}-нұсқасы бойынша қайта есептелді.",
        "даты пересчитаны по версии {calendar_version} производственного календаря.",
        "dates were counted again by version {calendar_version} of the production calendar.",
    ),
}

TEXTS: Mapping[type[PublicEvent], Text] = {**DOCUMENTS, **ASSIGNMENTS, **LETTERS}

_LATE = Text("кешігіп", "с опозданием", "late")
_IN_TIME = Text("мерзімінде", "в срок", "on time")
_CONTROL = {
    "urgent": Text("шұғыл", "срочный", "urgent"),
    "short_term": Text("қысқа мерзімді", "краткосрочный", "short-term"),
    "medium_term": Text("орта мерзімді", "среднесрочный", "medium-term"),
    "long_term": Text("ұзақ мерзімді", "долгосрочный", "long-term"),
}

CODES: Mapping[str, Mapping[str, Text]] = {
    "late": {"true": _LATE, "false": _IN_TIME},
    "on_time": {"true": _IN_TIME, "false": _LATE},
    "supports": {
        "true": Text("қолдайды", "поддерживает", "in support"),
        "false": Text("қолдамайды", "не поддерживает", "against"),
    },
    "role": {
        "executor": Text("орындаушы", "исполнителем", "executor"),
        "co_executor": Text("қоса орындаушы", "соисполнителем", "co-executor"),
    },
    "kind": {
        "extension": Text("Мерзімді ұзарту туралы", "о продлении срока", "for an extension"),
        "transfer": Text("Басқа бақылауға ауыстыру туралы", "о переводе на другой контроль", "for a transfer"),
    },
    "addressed_to": {
        "pa": Text("Президент Әкімшілігіне", "в Администрацию Президента", "to the President's Administration"),
        "government": Text("Үкіметке", "в Правительство", "to the Government"),
    },
    "decided_by": {
        "president": Text("Президент", "Президент", "the President"),
        "head_of_pa": Text(
            "Президент Әкімшілігінің Басшысы",
            "Руководитель Администрации Президента",
            "the Head of the President's Administration",
        ),
        "prime_minister": Text("Премьер-Министр", "Премьер-Министр", "the Prime Minister"),
        "deputy_prime_minister": Text(
            "Премьер-Министрдің орынбасары", "заместитель Премьер-Министра", "a deputy Prime Minister"
        ),
    },
    "control": _CONTROL,
    "previous_control": _CONTROL,
}
