use chrono::NaiveDate;

use super::*;
use crate::day::Place;

const MONDAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 23);

/// An id that shows as its letter or number.
fn id(name: char) -> Uuid {
    Uuid::from_u128(u128::from(u32::from(name)))
}

fn some(name: char) -> Option<Uuid> {
    (name != '-').then(|| id(name))
}

fn shown(id: Option<Uuid>) -> char {
    id.and_then(|id| char::from_u32(u32::try_from(id.as_u128()).ok()?)).unwrap_or('-')
}

/// A row from `lesson class teacher room`, one letter each.
fn row(text: &str) -> Meets {
    let parts: Vec<char> = text.split(' ').filter_map(|part| part.chars().next()).collect();
    let [lesson, class, teacher, room] = parts[..] else { panic!("four parts: {text}") };
    Meets {
        lesson: some(lesson),
        class: some(class),
        teacher: some(teacher),
        room: some(room),
        ..Meets::default()
    }
}

fn place(hour: i32) -> Place {
    (MONDAY.expect("a Monday"), hour)
}

/// What substitution `1` of a kind is about: lesson `7` unless changed.
fn by(does: Does) -> Substitution {
    Substitution {
        id: id('1'),
        does,
        from: place(1),
        to: (does == Does::Move).then(|| place(5)),
        lesson: some('7'),
        absent_teacher: None,
        teacher: None,
        subject: None,
        room: None,
        classes: Vec::new(),
        cover_classes: Vec::new(),
    }
}

/// The rows as `lesson class teacher room mark/substitution`.
fn lines(rows: &[DayRow]) -> Vec<String> {
    let line = |row: &DayRow| {
        let Meets { lesson, class, teacher, room, .. } = row.meets;
        let mark =
            row.mark.map(|(mark, by)| format!(" {}/{}", mark.word(), shown(Some(by)))).unwrap_or_default();
        let [lesson, class, teacher, room] = [lesson, class, teacher, room].map(shown);
        format!("{lesson} {class} {teacher} {room}{mark}")
    };
    rows.iter().map(line).collect()
}

fn day(standing: &[&str], here: &[&Substitution]) -> Vec<String> {
    lines(&applied(standing.iter().map(|text| row(text)).collect(), here, &[]))
}

/// Lesson 7 of the classes a and b with the teachers G and N; lesson 8 beside it.
const HOUR: [&str; 3] = ["7 a G r", "7 b N s", "8 c E t"];

#[test]
fn what_is_cancelled_or_released_does_not_take_place() {
    for does in [Does::Cancel, Does::Release] {
        assert_eq!(day(&HOUR, &[&by(does)]), ["7 a G r cancelled/1", "7 b N s cancelled/1", "8 c E t"]);
    }
    let class = Substitution { lesson: None, classes: vec![id('c')], ..by(Does::Cancel) };
    assert_eq!(day(&HOUR, &[&class]), ["7 a G r", "7 b N s", "8 c E t cancelled/1"]);
}

#[test]
fn a_cover_puts_another_in_the_place_of_the_absent_teacher_only() {
    for does in [Does::Cover, Does::Supervision, Does::SpecialDuty, Does::Partial] {
        let it = Substitution { absent_teacher: some('G'), teacher: some('X'), ..by(does) };
        assert_eq!(day(&HOUR, &[&it]), ["7 a X r covered/1", "7 b N s", "8 c E t"], "{does:?}");
        let it = Substitution { room: some('z'), ..it };
        assert_eq!(day(&HOUR, &[&it])[0], "7 a X z covered/1");
        let it = Substitution { teacher: None, ..it };
        assert_eq!(day(&HOUR, &[&it])[0], "7 a - z covered/1", "who is absent is out in any case");
        let it = Substitution {
            absent_teacher: None,
            classes: vec![id('b')],
            teacher: some('X'),
            room: None,
            ..it
        };
        assert_eq!(day(&HOUR, &[&it]), ["7 a G r", "7 b X s covered/1", "8 c E t"]);
    }
}

#[test]
fn classes_that_are_not_covered_have_no_lesson_and_others_can_come_to_it() {
    let it = Substitution { teacher: some('X'), cover_classes: vec![id('b'), id('c')], ..by(Does::Cover) };
    let expected = ["7 a G r cancelled/1", "7 b X s covered/1", "8 c E t", "7 c X r covered/1"];
    assert_eq!(day(&HOUR, &[&it]), expected);
}

#[test]
fn a_teacher_more_comes_to_each_class_once() {
    let it = Substitution { teacher: some('X'), classes: vec![id('a')], ..by(Does::Plus) };
    assert_eq!(day(&HOUR, &[&it]), ["7 a G r", "7 b N s", "8 c E t", "7 a X r covered/1"]);
    let twice = ["7 a G r", "7 a N r"];
    assert_eq!(day(&twice, &[&it]), ["7 a G r", "7 a N r", "7 a X r covered/1"]);
}

#[test]
fn a_room_change_changes_rooms() {
    let it = Substitution { room: some('z'), ..by(Does::Room) };
    assert_eq!(day(&HOUR, &[&it]), ["7 a G z room/1", "7 b N z room/1", "8 c E t"]);
}

#[test]
fn a_move_leaves_its_hour_and_stands_at_the_other() {
    let it = by(Does::Move);
    assert_eq!(day(&HOUR, &[&it]), ["7 a G r moved-away/1", "7 b N s moved-away/1", "8 c E t"]);
    let to = Substitution { room: some('z'), ..it };
    let there: Vec<Meets> = HOUR.iter().map(|text| row(text)).collect();
    let rows = applied(vec![row("9 a E r")], &[], &[(&to, there.clone())]);
    assert_eq!(lines(&rows), ["9 a E r", "7 a G z moved-here/1", "7 b N z moved-here/1"]);
    // There it is covered and cancelled like any other, but not moved on.
    let cover =
        Substitution { id: id('2'), absent_teacher: some('N'), teacher: some('X'), ..by(Does::Cover) };
    let rows = applied(Vec::new(), &[&cover], &[(&to, there.clone())]);
    assert_eq!(lines(&rows), ["7 a G z moved-here/1", "7 b X z covered/2"]);
    let on = Substitution { id: id('2'), ..by(Does::Move) };
    assert_eq!(lines(&applied(Vec::new(), &[&on], &[(&to, there)])).len(), 2, "nothing of it is away");
}

#[test]
fn the_two_records_that_files_make_of_a_move_show_both_ends() {
    let away = Substitution { to: None, ..by(Does::Move) };
    assert_eq!(day(&HOUR[..1], &[&away]), ["7 a G r moved-away/1"]);
    let came = Substitution {
        to: Some(place(1)),
        absent_teacher: some('G'),
        classes: vec![id('a')],
        ..by(Does::Move)
    };
    assert_eq!(day(&HOUR[2..], &[&came]), ["8 c E t", "7 a G - moved-here/1"]);
}

#[test]
fn a_duty_outside_lessons_is_a_row_of_its_own() {
    for does in [Does::SpecialDuty, Does::Supervision, Does::Plus, Does::Cover] {
        let it = Substitution { lesson: None, teacher: some('X'), room: some('z'), ..by(does) };
        assert_eq!(day(&HOUR[2..], &[&it]), ["8 c E t", "- - X z covered/1"], "{does:?}");
    }
    let it = Substitution {
        lesson: None,
        teacher: some('X'),
        classes: vec![id('a'), id('c')],
        ..by(Does::SpecialDuty)
    };
    assert_eq!(day(&HOUR[2..], &[&it]), ["8 c E t", "- a X - covered/1", "- c X - covered/1"]);
    let lesson = Substitution { teacher: some('X'), ..by(Does::SpecialDuty) };
    assert_eq!(
        day(&HOUR[2..], &[&lesson]),
        ["8 c E t", "7 - X - covered/1"],
        "a lesson that does not stand there"
    );
}

#[test]
fn what_is_about_something_that_does_not_stand_there_does_nothing() {
    for does in [
        Does::Cancel,
        Does::Cover,
        Does::Supervision,
        Does::Move,
        Does::Release,
        Does::Plus,
        Does::Partial,
        Does::Room,
    ] {
        let it = Substitution { absent_teacher: some('E'), teacher: some('X'), ..by(does) };
        assert_eq!(day(&HOUR, &[&it]), HOUR, "{does:?}");
    }
}

#[test]
fn the_later_one_counts_but_what_is_gone_is_gone() {
    let second = |it: Substitution| Substitution { id: id('2'), ..it };
    let cover = Substitution { absent_teacher: some('G'), teacher: some('X'), ..by(Does::Cover) };
    let room = second(Substitution { room: some('z'), ..by(Does::Room) });
    assert_eq!(day(&HOUR[..1], &[&cover, &room]), ["7 a X z covered/1"], "the cover goes to the other room");
    assert_eq!(day(&HOUR[..1], &[&room, &cover]), ["7 a X z covered/1"]);
    let cancel = second(by(Does::Cancel));
    assert_eq!(day(&HOUR[..1], &[&cover, &cancel]), ["7 a X r cancelled/2"]);
    assert_eq!(day(&HOUR[..1], &[&cancel, &cover]), ["7 a G r cancelled/2"]);
    let other = second(Substitution { teacher: some('Y'), ..cover.clone() });
    assert_eq!(day(&HOUR[..1], &[&cover, &other]), ["7 a X r covered/1", "7 a Y r covered/2"], "both come");
}

#[test]
fn a_row_concerns_who_is_in_it_and_who_would_have_been() {
    let it = Substitution { absent_teacher: some('G'), teacher: some('X'), ..by(Does::Cover) };
    let rows = applied(vec![row("7 a G r")], &[&it], &[]);
    let concerned: Vec<char> = "aGXrbN".chars().filter(|who| rows[0].concerns(id(*who))).collect();
    assert_eq!(concerned, ['a', 'G', 'X', 'r']);
}
