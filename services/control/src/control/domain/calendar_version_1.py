"""Version 1 of the production calendar: the days of 2020 to 2030 that aren't what their weekday says.

Taken once from the `holidays` package (a test compares them): version 1 never changes, whatever a later release knows,
and a process of control needn't hold the calendars of all countries for it.
"""

SOURCE = "holidays 0.109"
DECREES_KNOWN_THROUGH = 2025

WORKED = """
2020-01-05
2020-12-20
2021-07-03
2022-03-05
2022-08-27
2022-10-22
2023-07-01
2024-05-04
2025-01-05
"""
"""Saturdays and Sundays worked for a day off moved by decree."""

DAYS_OFF = """
2020-01-01 Жаңа жыл / New Year's Day
2020-01-02 Жаңа жыл / New Year's Day
2020-01-03 Демалыс күні (05.01.2020 бастап ауыстырылды) / Day off (substituted from 01/05/2020)
2020-01-07 Православиелік Рождество / Orthodox Christmas
2020-03-09 Халықаралық әйелдер күні (қайта белгіленген демалыс) / International Women's Day (observed)
2020-03-23 Наурыз мейрамы / Nowruz Holiday
2020-03-24 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2020-03-25 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2020-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2020-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2020-05-08 Демалыс күні (11.05.2020 бастап ауыстырылды) / Day off (substituted from 05/11/2020)
2020-07-06 Астана күні / Capital Day
2020-07-31 Құрбан айт / Eid al-Adha
2020-08-31 Қазақстан Республикасының Конституциясы күні (қайта белгіленген демалыс) / Constitution Day (observed)
2020-12-01 Қазақстан Республикасының Тұңғыш Президенті күні / First President Day
2020-12-16 Тәуелсіздік күні / Independence Day
2020-12-17 Тәуелсіздік күні / Independence Day
2020-12-18 Демалыс күні (20.12.2020 бастап ауыстырылды) / Day off (substituted from 12/20/2020)
2021-01-01 Жаңа жыл / New Year's Day
2021-01-04 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2021-01-07 Православиелік Рождество / Orthodox Christmas
2021-03-08 Халықаралық әйелдер күні / International Women's Day
2021-03-22 Наурыз мейрамы / Nowruz Holiday
2021-03-23 Наурыз мейрамы / Nowruz Holiday
2021-03-24 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2021-05-03 Қазақстан халқының бірлігі мерекесі (қайта белгіленген демалыс) / Kazakhstan's People Solidarity Holiday (observed)
2021-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2021-05-10 Жеңіс күні (қайта белгіленген демалыс) / Victory Day (observed)
2021-07-05 Демалыс күні (03.07.2021 бастап ауыстырылды) / Day off (substituted from 07/03/2021)
2021-07-06 Астана күні / Capital Day
2021-07-20 Құрбан айт / Eid al-Adha
2021-08-30 Қазақстан Республикасының Конституциясы күні / Constitution Day
2021-12-01 Қазақстан Республикасының Тұңғыш Президенті күні / First President Day
2021-12-16 Тәуелсіздік күні / Independence Day
2021-12-17 Тәуелсіздік күні / Independence Day
2022-01-03 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2022-01-04 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2022-01-07 Православиелік Рождество / Orthodox Christmas
2022-03-07 Демалыс күні (05.03.2022 бастап ауыстырылды) / Day off (substituted from 03/05/2022)
2022-03-08 Халықаралық әйелдер күні / International Women's Day
2022-03-21 Наурыз мейрамы / Nowruz Holiday
2022-03-22 Наурыз мейрамы / Nowruz Holiday
2022-03-23 Наурыз мейрамы / Nowruz Holiday
2022-05-02 Қазақстан халқының бірлігі мерекесі (қайта белгіленген демалыс) / Kazakhstan's People Solidarity Holiday (observed)
2022-05-09 Жеңіс күні / Victory Day
2022-05-10 Отан Қорғаушы күні (қайта белгіленген демалыс) / Defender of the Fatherland Day (observed)
2022-07-06 Астана күні / Capital Day
2022-08-29 Демалыс күні (27.08.2022 бастап ауыстырылды) / Day off (substituted from 08/27/2022)
2022-08-30 Қазақстан Республикасының Конституциясы күні / Constitution Day
2022-10-24 Демалыс күні (22.10.2022 бастап ауыстырылды) / Day off (substituted from 10/22/2022)
2022-10-25 Республика күні / Republic Day
2022-12-16 Тәуелсіздік күні / Independence Day
2023-01-02 Жаңа жыл / New Year's Day
2023-01-03 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2023-03-08 Халықаралық әйелдер күні / International Women's Day
2023-03-21 Наурыз мейрамы / Nowruz Holiday
2023-03-22 Наурыз мейрамы / Nowruz Holiday
2023-03-23 Наурыз мейрамы / Nowruz Holiday
2023-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2023-05-08 Отан Қорғаушы күні (қайта белгіленген демалыс) / Defender of the Fatherland Day (observed)
2023-05-09 Жеңіс күні / Victory Day
2023-06-28 Құрбан айт / Eid al-Adha
2023-07-06 Астана күні / Capital Day
2023-07-07 Демалыс күні (01.07.2023 бастап ауыстырылды) / Day off (substituted from 07/01/2023)
2023-08-30 Қазақстан Республикасының Конституциясы күні / Constitution Day
2023-10-25 Республика күні / Republic Day
2023-12-18 Тәуелсіздік күні (қайта белгіленген демалыс) / Independence Day (observed)
2024-01-01 Жаңа жыл / New Year's Day
2024-01-02 Жаңа жыл / New Year's Day
2024-03-08 Халықаралық әйелдер күні / International Women's Day
2024-03-21 Наурыз мейрамы / Nowruz Holiday
2024-03-22 Наурыз мейрамы / Nowruz Holiday
2024-03-25 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2024-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2024-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2024-05-08 Демалыс күні (04.05.2024 бастап ауыстырылды) / Day off (substituted from 05/04/2024)
2024-05-09 Жеңіс күні / Victory Day
2024-07-08 Астана күні (қайта белгіленген демалыс) / Capital Day (observed)
2024-08-30 Қазақстан Республикасының Конституциясы күні / Constitution Day
2024-10-25 Республика күні / Republic Day
2024-12-16 Тәуелсіздік күні / Independence Day
2025-01-01 Жаңа жыл / New Year's Day
2025-01-02 Жаңа жыл / New Year's Day
2025-01-03 Демалыс күні (05.01.2025 бастап ауыстырылды) / Day off (substituted from 01/05/2025)
2025-01-07 Православиелік Рождество / Orthodox Christmas
2025-03-10 Халықаралық әйелдер күні (қайта белгіленген демалыс) / International Women's Day (observed)
2025-03-21 Наурыз мейрамы / Nowruz Holiday
2025-03-24 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2025-03-25 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2025-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2025-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2025-05-09 Жеңіс күні / Victory Day
2025-06-06 Құрбан айт / Eid al-Adha
2025-07-07 Астана күні (қайта белгіленген демалыс) / Capital Day (observed)
2025-09-01 Қазақстан Республикасының Конституциясы күні (қайта белгіленген демалыс) / Constitution Day (observed)
2025-10-27 Республика күні (қайта белгіленген демалыс) / Republic Day (observed)
2025-12-16 Тәуелсіздік күні / Independence Day
2026-01-01 Жаңа жыл / New Year's Day
2026-01-02 Жаңа жыл / New Year's Day
2026-01-07 Православиелік Рождество / Orthodox Christmas
2026-03-09 Халықаралық әйелдер күні (қайта белгіленген демалыс) / International Women's Day (observed)
2026-03-23 Наурыз мейрамы / Nowruz Holiday
2026-03-24 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2026-03-25 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2026-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2026-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2026-05-11 Жеңіс күні (қайта белгіленген демалыс) / Victory Day (observed)
2026-05-27 Құрбан айт (бағаланған) / Eid al-Adha (estimated)
2026-07-06 Астана күні / Capital Day
2026-10-26 Қазақстан Республикасы күні (қайта белгіленген демалыс) / Republic Day (observed)
2026-12-16 Тәуелсіздік күні / Independence Day
2027-01-01 Жаңа жыл / New Year's Day
2027-01-04 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2027-01-07 Православиелік Рождество / Orthodox Christmas
2027-03-08 Халықаралық әйелдер күні / International Women's Day
2027-03-15 Қазақстан Республикасының Конституциясы күні / Constitution Day
2027-03-22 Наурыз мейрамы / Nowruz Holiday
2027-03-23 Наурыз мейрамы / Nowruz Holiday
2027-03-24 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2027-05-03 Қазақстан халқының бірлігі мерекесі (қайта белгіленген демалыс) / Kazakhstan's People Solidarity Holiday (observed)
2027-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2027-05-10 Жеңіс күні (қайта белгіленген демалыс) / Victory Day (observed)
2027-07-06 Астана күні / Capital Day
2027-10-25 Қазақстан Республикасы күні / Republic Day
2027-12-16 Тәуелсіздік күні / Independence Day
2028-01-03 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2028-01-04 Жаңа жыл (қайта белгіленген демалыс) / New Year's Day (observed)
2028-01-07 Православиелік Рождество / Orthodox Christmas
2028-03-08 Халықаралық әйелдер күні / International Women's Day
2028-03-15 Қазақстан Республикасының Конституциясы күні / Constitution Day
2028-03-21 Наурыз мейрамы / Nowruz Holiday
2028-03-22 Наурыз мейрамы / Nowruz Holiday
2028-03-23 Наурыз мейрамы / Nowruz Holiday
2028-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2028-05-05 Құрбан айт (бағаланған) / Eid al-Adha (estimated)
2028-05-08 Отан Қорғаушы күні (қайта белгіленген демалыс) / Defender of the Fatherland Day (observed)
2028-05-09 Жеңіс күні / Victory Day
2028-07-06 Астана күні / Capital Day
2028-10-25 Қазақстан Республикасы күні / Republic Day
2028-12-18 Тәуелсіздік күні (қайта белгіленген демалыс) / Independence Day (observed)
2029-01-01 Жаңа жыл / New Year's Day
2029-01-02 Жаңа жыл / New Year's Day
2029-03-08 Халықаралық әйелдер күні / International Women's Day
2029-03-15 Қазақстан Республикасының Конституциясы күні / Constitution Day
2029-03-21 Наурыз мейрамы / Nowruz Holiday
2029-03-22 Наурыз мейрамы / Nowruz Holiday
2029-03-23 Наурыз мейрамы / Nowruz Holiday
2029-04-24 Құрбан айт (бағаланған) / Eid al-Adha (estimated)
2029-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2029-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2029-05-09 Жеңіс күні / Victory Day
2029-07-06 Астана күні / Capital Day
2029-10-25 Қазақстан Республикасы күні / Republic Day
2029-12-17 Тәуелсіздік күні (қайта белгіленген демалыс) / Independence Day (observed)
2030-01-01 Жаңа жыл / New Year's Day
2030-01-02 Жаңа жыл / New Year's Day
2030-01-07 Православиелік Рождество / Orthodox Christmas
2030-03-08 Халықаралық әйелдер күні / International Women's Day
2030-03-15 Қазақстан Республикасының Конституциясы күні / Constitution Day
2030-03-21 Наурыз мейрамы / Nowruz Holiday
2030-03-22 Наурыз мейрамы / Nowruz Holiday
2030-03-25 Наурыз мейрамы (қайта белгіленген демалыс) / Nowruz Holiday (observed)
2030-05-01 Қазақстан халқының бірлігі мерекесі / Kazakhstan's People Solidarity Holiday
2030-05-07 Отан Қорғаушы күні / Defender of the Fatherland Day
2030-05-09 Жеңіс күні / Victory Day
2030-07-08 Астана күні (қайта белгіленген демалыс) / Capital Day (observed)
2030-10-25 Қазақстан Республикасы күні / Republic Day
2030-12-16 Тәуелсіздік күні / Independence Day
"""  # noqa: E501
"""Weekdays that are days off, with their names in kk and en."""
