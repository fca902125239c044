#!/usr/bin/env python3
"""Makes the sample school in demo/gpu: `python3 demo/make_school.py`.

Everything is invented. The same program makes the same bytes each time: it draws from a generator with a fixed seed.
It first spreads the hours of all lessons over the week so that nothing collides, then takes some hours out again
(they stay unplaced), then moves two hours so that exactly two collisions stand in the timetable, and at last counts
the collisions in the files it has written.
"""

import collections
import pathlib
import random

HERE = pathlib.Path(__file__).parent / "gpu"
DAYS = range(1, 6)

DEPARTMENTS = {"SPR": "Sprachen", "MINT": "Mathematik, Natur und Technik", "GES": "Gesellschaft", "MUS": "Musisches",
               "SPO": "Sport"}
SUBJECTS = {  # short name: long name, department, rooms of its own (none: any classroom)
    "D": ("Deutsch", "SPR", ""), "E": ("Englisch", "SPR", ""), "FR": ("Französisch", "SPR", ""),
    "LA": ("Latein", "SPR", ""), "ES": ("Spanisch", "SPR", ""), "M": ("Mathematik", "MINT", ""),
    "BIO": ("Biologie", "MINT", "B1 B2"), "CH": ("Chemie", "MINT", "C1"), "PH": ("Physik", "MINT", "P1 P2"),
    "IF": ("Informatik", "MINT", "PC1 PC2"), "TE": ("Technik", "MINT", "WERK"), "GEO": ("Erdkunde", "GES", ""),
    "GE": ("Geschichte", "GES", ""), "PO": ("Politik", "GES", ""), "WI": ("Wirtschaft", "GES", ""),
    "REL": ("Religion", "GES", ""), "ETH": ("Ethik", "GES", ""), "MU": ("Musik", "MUS", "MU1 MU2"),
    "KU": ("Kunst", "MUS", "KU1 KU2"), "SP": ("Sport", "SPO", "TH 1,TH 2,TH 3,TH 4"), "KL": ("Klassenrat", "GES", ""),
}
TEACHERS = """AND Andersson Ingrid D,GE|BER Bergström Tove D,REL|CAS Castellani Paolo D,KU|DEM Demirok Aylin D,PO
ERI Erikssen Lars D,SP|FIS Fischbach Renate D,ETH|GOR Górniak Marta D,GE|HAL Halvorsen Nils E,GEO
IVA Ivanek Petra E,SP|JAN Janssens Wim E,GE|KAV Kavanagh Orla E,MU|LEF Lefranc Odile E,FR|MCB McBrennan Sean E,PO
NOV Nováček Tomáš M,PH|OBE Oberrainer Josef M,SP|PAP Papadakis Eleni M,PH|QUI Quintanar Pilar M,ES
ROS Rosenlund Greta M,IF|SAN Santarelli Marco M,CH|TOR Törnqvist Birgit M,BIO|ULB Ulbricht-Wagner Hanne M,TE
VAN van den Eikel Joris BIO,SP|WEI Weidenthal Anke BIO,CH|XEN Xenakiou Dimitra BIO,GEO|YLD Yıldızer Cem PH,IF
ZIE Zielonka Rafał CH,TE|ABE Abendroth Moritz GEO,WI|BRÜ Brühlmann Regula GE,LA|COS Costigliola Lucia FR,ES
DUP Duparquet Hélène FR,KU|EKL Eklöf Maj KU,TE|FER Ferreirinha Rui MU,ES|GRÖ Grönhagen Elke REL,LA
HOV Hovland Sigrid SP,WI|ILI Iliescu-Brandt Dana ETH,GE|JOK Jokelainen Antti MU,IF|KRÜ Krügersen Heike SP,REL
LOV Lovrenčić Ana KU,PO|MAT Matthiesen Uwe SP,ETH|NAG Nagelschmidt Ilse E,D"""
YEARS = {  # hours a week of one class; the coupled ones stand in COUPLED
    5: "D5 E4 M4 BIO2 GEO2 MU2 KU2 KL1 IF1 TE2", 6: "D4 E4 M4 BIO2 GEO1 GE2 MU2 KU2 KL1 PO1 TE1",
    7: "D4 E4 M4 PH2 BIO1 GE2 GEO1 MU1 KU2 KL1 PO1", 8: "D4 E3 M4 PH2 CH2 GE2 GEO1 MU1 IF1 PO1 KL1",
    9: "D4 E3 M4 PH1 CH2 BIO2 GE1 KU1 WI1 PO1 KL1 IF1", 10: "D4 E3 M4 PH2 CH1 BIO2 GE2 GEO1 WI2 KU1 KL1 MU1",
    11: "D4 E4 M4 PH2 CH2 BIO2 GE2 GEO1 PO2 KU1 WI1 IF2 KL1 SP2 FR3",
}
COUPLED = {  # two parallel classes together: hours, subjects of the groups, whether every group holds both classes
    "Religion": (2, ["REL", "ETH"], True, range(5, 11)), "Sport": (3, ["SP", "SP"], False, range(5, 11)),
    "Sprachen": (3, ["FR", "LA", "ES"], True, range(7, 11)),
}
DOUBLE = {"SP", "KU", "CH", "TE", "PH"}  # two hours of them stand together
UNPLACED = 6
FIRST = """Amélie Ben Carla Dario Emre Finja Gustav Hedda Ilja Jule Kasimir Leni Mats Noor Oskar Pia Quirin Romy Selin
Theo Ulla Vito Wanda Xaver Yara Zoé Björn Céline Dörte Elif""".split()
LAST = """Achterberg Bielawski Corvetto Dahlkamp Engström Fontanelli Gülhan Hartwigsen Ibrahimovski Jürgensen Kowalczuk
Lindqvist Mayrhofer Nørgaard Özdenli Petrescu Quast Rautenberg Schöllhorn Tkaczyk""".split()


def classes():
    """Names of the 25 classes with their years."""
    return {f"{year}{letter}": year for year in range(5, 11) for letter in "abcd"} | {"11": 11}


CLASSROOMS = [f"R {floor}{n:02}" for floor in (1, 2) for n in range(1, 9)]


def rooms():
    """Classrooms first, then the rooms of subjects."""
    plain = {room: ("Klassenraum", 30) for room in CLASSROOMS}
    own = {room: (f"Fachraum {SUBJECTS[s][0]}", 28) for s in SUBJECTS for room in own_rooms(s) if s != "SP"}
    gym = {room: (f"Turnhalle, Feld {room[-1]}", 60) for room in own_rooms("SP")}
    return plain | own | gym


def own_rooms(subject):
    text = SUBJECTS[subject][2]
    return text.split(",") if "," in text else text.split()


def teachers():
    entries = [entry for line in TEACHERS.splitlines() for entry in line.split("|")]
    parts = [entry.split() for entry in entries]
    return {p[0]: (" ".join(p[1:-2]), p[-2], p[-1].split(",")) for p in parts}


class School:
    """Lessons with their teachers, and where their hours are."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.load = collections.Counter()
        self.class_teacher = {}
        self.lessons = []  # (hours, [(class, teacher, subject)], line text)
        self.busy = {}  # (day, hour, kind, name): number of the block
        self.at = {}  # number of the block: its hours
        self.placed = []  # hours: [lesson index, day, hour, [room of each row]]
        self.make_lessons()

    def teacher(self, subject, hours, besides=()):
        """The least busy teacher of a subject."""
        able = [t for t, (_, _, subjects) in teachers().items() if subject in subjects and t not in besides]
        chosen = min(able, key=lambda t: (self.load[t] + self.draw.random() * 3))
        self.load[chosen] += hours
        return chosen

    def make_lessons(self):
        for year in range(5, 11):
            for text, (hours, subjects, mixed, years) in COUPLED.items():
                for pair in ("ab", "cd") if year in years else ():
                    names = [f"{year}{letter}" for letter in pair]
                    staff = []
                    for subject in subjects:
                        staff.append(self.teacher(subject, hours, staff))
                    groups = list(zip(staff, subjects))
                    rows = ([(c, t, s) for t, s in groups for c in names] if mixed
                            else [(c, t, s) for c, (t, s) in zip(names, groups)])
                    self.lessons.append((hours, rows, f"{text} {year}{pair}"))
        for name, year in classes().items():
            for word in YEARS[year].split():
                subject, hours = word.rstrip("0123456789"), int(word[len(word.rstrip("0123456789")):])
                chosen = self.class_teacher[name] if subject == "KL" else self.teacher(subject, hours)
                if subject == "KL":
                    self.load[chosen] += hours
                elif subject in "DEM" and chosen not in self.class_teacher.values():
                    self.class_teacher.setdefault(name, chosen)
                elif subject in ("GE", "BIO", "GEO", "PH"):
                    self.class_teacher.setdefault(name, chosen)
                self.lessons.append((hours, [(name, chosen, subject)], ""))

    def place(self):
        """Puts every hour somewhere. What finds no free place pushes out what stands in its way, which is placed anew."""
        blocks = []
        for index, (hours, rows, _) in enumerate(self.lessons):
            double = hours >= 2 and any(subject in DOUBLE for _, _, subject in rows)
            blocks += [(index, size) for size in ([2] + [1] * (hours - 2) if double else [1] * hours)]
        waiting = sorted(range(len(blocks)), key=lambda b: (len(self.lessons[blocks[b][0]][1]), blocks[b][1]))
        for _ in range(20_000):
            if not waiting:
                self.placed = [entry for entries in self.at.values() for entry in entries]
                return True
            block = waiting.pop()
            best = min(self.places(block, *blocks[block]), key=lambda place: place[0])
            for other in best[1]:
                self.remove(other)
                waiting.insert(self.draw.randint(0, len(waiting)), other)
            self.at[block] = best[2]
            for entry in best[2]:
                self.busy |= dict.fromkeys(self.claims(entry), block)
        return False

    def places(self, block, index, size):
        """Every place for a block of hours: how bad it is, which blocks stand in its way, the hours with their rooms."""
        taken_days = {entries[0][1] for entries in self.at.values() if entries[0][0] == index}
        for day in DAYS:
            for hour in range(1, 10 - size if day in (1, 3) else 8 - size):
                entries = [[index, day, hour + i, self.some_rooms(index, day, hour + i)] for i in range(size)]
                others = {self.busy[c] for entry in entries for c in self.claims(entry) if c in self.busy}
                price = sum(1 + len(self.lessons[self.at[b][0][0]][1]) * len(self.at[b]) for b in others)
                yield (price, day in taken_days, max(hour - 5, 0), hour, self.draw.random()), others, entries

    def some_rooms(self, index, day, hour):
        """A room for each row of a lesson, a free one where there is one; the rows of one teacher share it."""
        by_teacher = {}
        for name, teacher, subject in self.lessons[index][1]:
            wanted = own_rooms(subject) or ([home(name)] if home(name) else []) + CLASSROOMS
            wanted = [room for room in wanted if room not in by_teacher.values()]
            free = [room for room in wanted if (day, hour, "room", room) not in self.busy]
            by_teacher.setdefault(teacher, free[0] if free else self.draw.choice(wanted))
        return [by_teacher[teacher] for _, teacher, _ in self.lessons[index][1]]

    def claims(self, entry):
        """What one placed hour takes up."""
        index, day, hour, row_rooms = entry
        for (name, teacher, _), room in zip(self.lessons[index][1], row_rooms):
            yield from ((day, hour, "class", name), (day, hour, "teacher", teacher), (day, hour, "room", room))

    def remove(self, block):
        for entry in self.at.pop(block):
            for claim in self.claims(entry):
                self.busy.pop(claim, None)

    def spoil(self):
        """Takes some hours out, then makes one collision of a teacher and one of a room."""
        single = [entry for entry in self.placed if len(entry[3]) == 1]
        for entry in self.draw.sample(single, UNPLACED):
            self.placed.remove(entry)
            single.remove(entry)
        busy = {claim for entry in self.placed for claim in self.claims(entry)}
        self.draw.shuffle(single)
        for entry in single:  # the teacher is at two places, class and room were free
            name, teacher, _ = self.lessons[entry[0]][1][0]
            for other in single:
                where = other[1:3]
                same = other[0] != entry[0] and self.lessons[other[0]][1][0][1] == teacher
                if same and not {(*where, "class", name), (*where, "room", entry[3][0])} & busy:
                    entry[1:3] = where
                    return self.spoil_room([e for e in single if e is not entry and e[1:3] != where])
        raise SystemExit("no collision of a teacher could be made")

    @staticmethod
    def spoil_room(single):
        """Puts two hours that are at the same time into one room."""
        first = single[0]
        second = next(e for e in single if e[1:3] == first[1:3] and e is not first and e[3] != first[3])
        second[3] = list(first[3])


def home(name):
    """The classroom of a class; the years from 9 have none of their own."""
    names = [c for c, year in classes().items() if year < 9]
    return CLASSROOMS[names.index(name)] if name in names else ""


def line(width, filled):
    """One row of a file: fields by column number, texts in quotes."""
    cells = [filled.get(column, "") for column in range(1, width + 1)]
    return ";".join(f'"{cell}"' if isinstance(cell, str) and cell else str(cell) for cell in cells)


def write(number, rows):
    (HERE / f"GPU{number:03}.TXT").write_text("".join(row + "\n" for row in rows), "utf-8")


def write_files(school):
    HERE.mkdir(exist_ok=True)
    draw = random.Random(3)
    timetable = sorted((index + 1, day, hour, row_rooms) for index, day, hour, row_rooms in school.placed)
    write(1, [line(9, {1: n, 2: c, 3: t, 4: s, 5: room, 6: day, 7: hour}) for n, day, hour, row_rooms in timetable
              for (c, t, s), room in zip(school.lessons[n - 1][1], row_rooms)])
    write(2, [line(42, {1: n, 2: hours, 5: c, 6: t, 7: s, 8: "" if own_rooms(s) else home(c), 13: text, 42: f"{s}_{c}"})
              for n, (hours, rows, text) in enumerate(school.lessons, 1) for c, t, s in rows])
    write(3, [line(33, {1: c, 2: f"Klasse {c}", 4: home(c), 14: str(year), 30: school.class_teacher[c],
                        32: draw.randint(21, 29)}) for c, year in classes().items()])
    write(4, [line(42, {1: t, 2: last, 15: f"{max(school.load[t], 12)}.000", 17: SUBJECTS[able[0]][1], 29: first,
                        33: f"{t.lower()}@lindenhafen.example"}) for t, (last, first, able) in teachers().items()])
    write(5, [line(13, {1: r, 2: text, 8: seats}) for r, (text, seats) in rooms().items()])
    write(6, [line(21, {1: s, 2: text, 13: department}) for s, (text, department, _) in SUBJECTS.items()])
    write(7, [line(3, {1: d, 2: text}) for d, text in DEPARTMENTS.items()])
    write(10, [line(14, {1: f"{LAST[n % 20][:4]}{FIRST[n % 30][:3]}{n + 1}", 2: LAST[n % 20], 8: FIRST[n % 30],
                         9: str(26001 + n), 10: f"5{'abcd'[n % 4]}" if n < 40 else "11",
                         13: f"{2015 if n < 40 else 2009}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"})
               for n in range(60)])


REASONS = {"KR": "Krankheit", "FB": "Fortbildung", "EX": "Exkursion", "RE": "Reparatur"}
HOLIDAYS = {"Einheit": ("Tag der Deutschen Einheit", "20261003", "20261003", "F"),
            "Herbst": ("Herbstferien", "20261012", "20261023", ""),
            "Weihnachten": ("Weihnachtsferien", "20261223", "20270105", ""),
            "Ostern": ("Osterferien", "20270322", "20270402", ""),
            "Mai": ("Tag der Arbeit", "20270501", "20270501", "F"),
            "Pfingsten": ("Pfingstmontag", "20270517", "20270517", "F")}
MONDAY = 20261123
BITS = {"cancel": 1, "cover": 0, "away": 8, "here": 128, "room": 1 << 16}


def write_cover(school):
    """A week with a teacher who is ill, a class on a trip and a room that is repaired; some hours are still open."""
    busy = {claim for entry in school.placed for claim in school.claims(entry)}
    plain = sorted((day, hour, index, row_rooms[0]) for index, day, hour, row_rooms in school.placed
                   if len(row_rooms) == 1 and len(school.lessons[index][1]) == 1)
    ill = next(t for t in teachers() if sum(school.lessons[i][1][0][1] == t and d == 1 for d, _, i, _ in plain) >= 4)
    own = [entry for entry in plain if school.lessons[entry[2]][1][0][1] == ill and entry[0] == 1]
    in_room = [entry for entry in plain if entry[3] == "PC1" and entry[0] == 1 and entry not in own]
    free = lambda kind, names, day, hour: next(n for n in names if (day, hour, kind, n) not in busy)
    rows = []

    def row(entry, absence, kind, day=None, hour=None, **cover):
        d, h, index, room = entry
        c, t, s = school.lessons[index][1][0]
        rows.append(line(20, {1: len(rows) + 1, 2: MONDAY + (day or d) - 1, 3: hour or h, 4: absence, 5: index + 1, 6: t,
                              7: cover.get("teacher", ""), 8: s, 10: cover.get("subject", ""), 12: room,
                              13: cover.get("room", ""), 15: c, 16: "RE" if kind == "room" else "KR",
                              17: cover.get("text", ""), 18: BITS[kind], 19: c,
                              20: {"cancel": "C", "away": "T", "here": "F", "room": "R"}.get(kind, "")}))

    first, second, third, *_ = own
    row(first, 1, "cover", teacher=free("teacher", teachers(), 1, first[1]), text="Aufgaben liegen bereit")
    row(second, 1, "cancel")
    name = school.lessons[third[2]][1][0][0]
    hour = next(h for h in range(5, 10) if not {(4, h, "class", name), (4, h, "teacher", ill)} & busy)
    row(third, 1, "away", text="auf Donnerstag")
    row(third, 1, "here", day=4, hour=hour, teacher=ill, room=free("room", rooms(), 4, hour))
    for entry in in_room[:2]:
        row(entry, 3, "room", teacher=school.lessons[entry[2]][1][0][1], room=free("room", rooms(), 1, entry[1]))
    write(12, [line(3, {1: r, 2: text}) for r, text in REASONS.items()])
    write(13, [line(9, {1: 1, 2: "L", 3: ill, 4: MONDAY, 5: MONDAY + 1, 8: "KR", 9: "meldet sich am Dienstag"}),
               line(9, {1: 2, 2: "K", 3: "9b", 4: MONDAY + 1, 5: MONDAY + 1, 6: 1, 7: 6, 8: "EX", 9: "Museum"}),
               line(9, {1: 3, 2: "R", 3: "PC1", 4: MONDAY, 5: MONDAY + 4, 8: "RE"})])
    write(14, rows)
    write(18, [line(5, {1: n, 2: text, 3: int(first), 4: int(last), 5: mark})
               for n, (text, first, last, mark) in HOLIDAYS.items()])


def collisions():
    """Teachers, classes and rooms that the written timetable puts into two lessons at once."""
    lessons = collections.defaultdict(set)
    for row in (HERE / "GPU001.TXT").read_text("utf-8").splitlines():
        n, name, teacher, _, room, day, hour, *_ = [cell.strip('"') for cell in row.split(";")]
        for kind, who in (("class", name), ("teacher", teacher), ("room", room)):
            lessons[kind, who, int(day), int(hour)].add(int(n))
    return {where: sorted(which) for where, which in lessons.items() if len(which) > 1}


def main():
    school = next(school for school in map(School, range(1, 50)) if school.place())
    school.spoil()
    write_files(school)
    write_cover(school)
    found = collisions()
    print(f"{len(school.lessons)} lessons, {len(school.placed)} placed hours, {UNPLACED} unplaced; {found}")
    assert sorted(kind for kind, *_ in found) == ["room", "teacher"], "exactly two collisions are wanted"


if __name__ == "__main__":
    main()
