"""What each provision says, in our own words, and what it decides here: the data behind `GET /rules`."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Provision:
    """A provision of a rule set. `kk`, `ru`, `en`: its text in our words. `decides`: what it decides here."""

    citation: str
    kk: str
    ru: str
    en: str
    decides: str
    in_force_from: date
    in_force_until: date | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a later resolution did to the source."""

    resolution: str
    dated: date
    kk: str
    ru: str
    en: str


def notes_on_rk_703() -> tuple[Note, ...]:
    """What became of Resolution No. 809, through which RK-703 stands here as it does."""
    return (
        Note(
            "No. 429",
            date(2022, 6, 24),
            kk="№ 809 қаулының таратылуы шектелген ақпарат туралы № 1196 қаулыға қатысты бірінші бөлігі мен "
            "қосымшасының күші жойылды.",
            ru="Утратили силу первая часть постановления № 809, относящаяся к № 1196 (информация ограниченного "
            "распространения), и приложение к нему.",
            en="Repealed the first part of No. 809, on No. 1196 (information of limited distribution), and its "
            "appendix.",
        ),
        Note(
            "No. 780",
            date(2023, 9, 11),
            kk="№ 809 қаулының күші толығымен жойылды: № 780 алғаш ресми жарияланғаннан кейін күнтізбелік он күн "
            "өткен соң.",
            ru="Утратило силу постановление № 809 целиком: по истечении десяти календарных дней после первого "
            "официального опубликования № 780.",
            en="Repealed the whole of No. 809, ten calendar days after the first official publication of No. 780. The"
            " day on which this rule set ends is set by the operator.",
        ),
    )


def provisions_of_rk_703(name: str, in_force_from: date) -> tuple[Provision, ...]:
    """The provisions of the Rules as amended by No. 809, in the Rules' order."""
    return tuple(
        Provision(f"{name}:{paragraph}", kk, ru, en, decides, in_force_from)
        for paragraph, kk, ru, en, decides in _RK_703
    )


_RK_703 = (
    (
        "2",
        "Іс қағаздарын жүргізуді ұйымның құжаттамалық қамтамасыз ету қызметі ұйымдастырады. Бір құрылымдық бөлімше "
        "ішінде құпия және құпия емес іс қағаздарын жүргізуге тыйым салынады.",
        "Делопроизводство организует служба документационного обеспечения организации. Вести секретное и несекретное "
        "делопроизводство в одном структурном подразделении запрещено.",
        "An organization's documentation service organizes its record keeping. Secret and non-secret record keeping "
        "within one structural unit is forbidden.",
        "Which units a service may handle: those of its own line's regime, and none that it doesn't know.",
    ),
    (
        "43",
        "Құжат деректемелері: қағаз құжатта – 4-бөлік, электрондық құжатта – 5-бөлік бойынша.",
        "Реквизиты документа: бумажного – по части 4, электронного – по части 5.",
        "A document's requisites: on paper those of part 4, in electronic form those of part 5.",
        "What a refusal to register cites for the executor and the addressee.",
    ),
    (
        "43-4-10",
        "Қағаз құжатта орындаушы туралы белгі: тегі мен телефоны; ұлттық қауіпсіздік органдарында – толық аты-жөні "
        "мен телефоны.",
        "Отметка об исполнителе на бумажном документе: фамилия и телефон; в органах национальной безопасности – "
        "фамилия, имя и телефон.",
        "A paper document's note on the executor: surname and telephone; in national security bodies full name and "
        "telephone.",
        "What a paper document must carry to be registered.",
    ),
    (
        "43-5-8",
        "Электрондық құжатта адресат мемлекеттік органның атауы (аумақтық органдардан басқа); Ұлттық қауіпсіздік "
        "комитетінде бөлімшелер кодпен көрсетіледі.",
        "В электронном документе – наименование государственного органа-адресата (кроме территориальных); в Комитете "
        "национальной безопасности подразделения указываются кодами.",
        "An electronic document names the addressee state body, territorial bodies excepted; units of the National "
        "Security Committee stand by their codes.",
        "What an electronic document must say of its addressee.",
    ),
    (
        "43-5-11",
        "Электрондық құжатта орындаушының тегі; ұлттық қауіпсіздік органдарында – толық аты-жөні.",
        "В электронном документе – фамилия исполнителя; в органах национальной безопасности – фамилия и имя.",
        "An electronic document carries the executor's surname; in national security bodies the full name.",
        "What an electronic document must say of its executor.",
    ),
    (
        "46",
        "Құжаттың «қол қою» деректемесі.",
        "Реквизит документа «подпись».",
        "A document's signature requisite.",
        "What a refusal to register cites for the signature.",
    ),
    (
        "46-16",
        "Ұйымның бланкісінде бір парақта ресімделген бұйрықтың қол қою деректемесінде лауазымның толық атауы "
        "көрсетілмейді.",
        "В реквизите «подпись» приказа, оформленного на бланке организации на одном листе, полное наименование "
        "должности не указывается.",
        "The signature of an order of one sheet on the organization's letterhead doesn't carry the full job title.",
        "Whether an order's signature may carry the full job title.",
    ),
    (
        "102-1",
        "Президент пен Президент Әкімшілігі басшылығының өңірлерге сапарлар, халықаралық және қоғамдық маңызы бар іс-"
        "шаралар қорытындысы бойынша Үкімет пен ұйымдарға берген тапсырмаларын Үкімет бақылайды.",
        "Поручения Президента и руководства его Администрации Правительству и организациям по итогам региональных "
        "поездок, международных и общественно значимых мероприятий контролирует Правительство.",
        "Instructions that the President or the leadership of his Administration gave to the Government and "
        "organizations after regional trips, international and socially significant events are controlled by the "
        "Government.",
        "Who controls an assignment. An act can't carry the mark.",
    ),
    (
        "103-1",
        "Ұйымда бақылау субъектілері: бірінші басшы және өз салаларына жетекшілік ететін орынбасарлары; олар уақтылы "
        "әрі сапалы орындалуына дербес жауап береді.",
        "Субъекты контроля в организации – первый руководитель и заместители по курируемым ими направлениям; они "
        "лично отвечают за своевременное и качественное исполнение.",
        "An organization's control subjects are its first head and the deputies in the areas that they supervise; "
        "both are personally responsible for timely and good execution.",
        "Whom a missed deadline names: as they were on that day, by the assignment's area.",
    ),
    (
        "103-2",
        "Қоса орындаушылар ұсыныстарын орындаушыға береді: «өте шұғыл» – алған күннен бастап 1 жұмыс күнінде; "
        "«шұғыл», «жылдамдатылсын» – 3 жұмыс күнінде; қысқа, орта, ұзақ мерзімді бақылауда – мерзімге дейін 5, 10, 20"
        " жұмыс күні бұрын.",
        "Соисполнители вносят предложения исполнителю: «весьма срочно» – за 1 рабочий день с получения; «срочно», "
        "«ускорить» – за 3; при краткосрочном, среднесрочном, долгосрочном контроле – за 5, 10, 20 рабочих дней до "
        "срока.",
        "Co-executors send their proposals to the executor: very urgent within 1 working day from receipt; urgent, "
        "accelerate within 3; under short-, medium- and long-term control 5, 10 and 20 working days before the "
        "deadline.",
        "Each co-executor's date, with its derivation, and whether the assignment may set another.",
    ),
    (
        "103-3",
        "Мерзімінде орындау мүмкін болмаса, орындаушы ұйымның басшысы мерзімнен кешіктірмей хат жолдайды: орындалу "
        "жай-күйі, негіздеме, нақты жаңа мерзім, жауапты тұлғалар. Үкімет өкілеттігіне қатысты болса, алдын ала "
        "келісу қажет. 102-1-тармақ бойынша шешім туралы Үкімет Президент Әкімшілігіне 10 жұмыс күнінде хабарлайды.",
        "Если срок нельзя соблюсти, руководитель организации-исполнителя не позднее срока направляет письмо: "
        "состояние исполнения, обоснование, конкретный новый срок, ответственные лица. Если затронуты полномочия "
        "Правительства – после согласования. По пункту 102-1 о решении Правительство уведомляет Администрацию за 10 "
        "рабочих дней.",
        "Where the deadline can't be met, the head of the executor sends a letter no later than the deadline: state "
        "of execution, justification, a concrete new deadline, responsible persons. Where the Government's powers are"
        " touched, after agreement. Under 102-1 the Government tells the Administration of a decision within 10 "
        "working days.",
        "Whether a letter is taken in or turned back, where it goes, and when the Government's notice is due.",
    ),
    (
        "103-4",
        "Мерзім бір реттен артық ұзартылмайды не ауыстырылмайды: Президент немесе Әкімшілік Басшысы бөлімшенің "
        "сараптамалық қорытындысы негізінде шешеді; 102-1-тармақ бойынша – Премьер-Министр немесе орынбасары.",
        "Срок продлевается или контроль переносится не более одного раза: решает Президент или Руководитель "
        "Администрации по экспертному заключению подразделения; по пункту 102-1 – Премьер-Министр или его "
        "заместитель.",
        "A term is extended, or control transferred, not more than once: by the President or the Head of the "
        "Administration on an expert opinion; under 102-1 by the Prime Minister or a deputy.",
        "Who decides the first time and on what; which transfers there are.",
    ),
    (
        "103-5",
        "Ерекше жағдайларда, кінәлі лауазымды тұлғалардың тәртіптік жауаптылығы қарала отырып, мерзім қайта ұзартылуы"
        " мүмкін.",
        "Повторное продление – в исключительных случаях, с рассмотрением дисциплинарной ответственности должностных "
        "лиц.",
        "Again only an extension, in exceptional cases, with the disciplinary liability of the responsible officials "
        "considered.",
        "What a second or later grant must carry; DisciplinaryReviewRaised.",
    ),
    (
        "103-6",
        "Мерзімі үш айдан асатын Президент пен Әкімшілік Басшысының актілері мен тапсырмалары бойынша қайта ұзарту "
        "ұсынысы мерзімнен 15 жұмыс күні бұрын енгізіледі; бөлімше 10 жұмыс күнінде қорытынды береді.",
        "По актам и поручениям Президента и Руководителя Администрации со сроком свыше трёх месяцев предложение о "
        "повторном продлении вносится за 15 рабочих дней до срока; подразделение даёт заключение за 10 рабочих дней.",
        "For acts and instructions of the President and of the Head of the Administration over three months, asking "
        "again comes 15 working days before the deadline; the responsible unit gives its opinion within 10 working "
        "days.",
        "How early asking again must come, and the opinion that a grant waits for.",
    ),
    (
        "103-7",
        "102-1-тармақ бойынша мерзімі үш айдан асатын тапсырмаларды қайта ұзарту ұсынысы Үкімет басшылығына не Кеңсе "
        "Басшысына 15 жұмыс күні бұрын енгізіледі; Кеңсе бөлімшесі 10 жұмыс күнінде қорытынды береді.",
        "По поручениям пункта 102-1 со сроком свыше трёх месяцев предложение вносится руководству Правительства или "
        "Руководителю Канцелярии за 15 рабочих дней; её подразделение даёт заключение за 10 рабочих дней.",
        "For instructions under 102-1 over three months, asking again goes to the Government's leadership or the Head"
        " of the PM's Office 15 working days before the deadline; its unit gives the opinion within 10 working days.",
        "The same as 103-6, on the Government's side.",
    ),
    (
        "103-8",
        "Бір тапсырманы ұзарту туралы екіден көп ұсыныс түссе, ұйымдардың бірінші басшыларын жазалау мәселесі "
        "қаралады.",
        "При более чем двух предложениях о продлении одного поручения рассматривается наказание первых руководителей.",
        "After more than two proposals to extend the same assignment, punishing the organizations' first heads is "
        "considered.",
        "PenaltyReviewRaised with the third letter and each after it.",
    ),
    (
        "103-9",
        "Президенттің жеке тапсырмаларының мерзімін Президенттің өзі ғана ұзартады.",
        "Срок личных поручений Президента продлевает только Президент.",
        "The term of the President's personal instructions is extended by the President alone.",
        "Who decides on a personal instruction, before 102-1 and 103-4.",
    ),
)
