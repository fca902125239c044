//! Notices, outages and contact as they stood, against the fold of the site by the rules.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    At, ContactBack, ContactLost, Event, FieldChange, Fold, NodeStarted, Notice, NoticeChanged, NoticeId,
    NoticePosted, NoticeState, NoticeWithdrawn, OutageAnnounced, OutageBegun, OutageChanged, OutageEnd,
    OutageEnded, OutageId, Outages, Site, Stamp, Value, Who,
};
use projections::notice::{NoticesOf, notice, notices};
use projections::outage::{outages, past_outages};
use projections::{Moment, read_models};
use uuid::Uuid;

use crate::asked_then::Dice;
use crate::presence::anna;
use crate::setting::{SOON, Setting};

fn day(number: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1 + u32::try_from(number).expect("small")).expect("a day")
}

fn posted(notice: NoticeId, dice: &mut Dice) -> Event {
    let date = |dice: &mut Dice| (dice.below(2) == 0).then(|| day(dice.below(9)));
    NoticePosted {
        notice,
        title: format!("Rest {}", dice.below(100)),
        text: "From six to eight.".into(),
        public: dice.below(2) == 0,
        important: dice.below(3) == 0,
        show_from: date(dice),
        hide_from: date(dice),
        by: anna(),
    }
    .into()
}

fn changed(notice: &Notice, dice: &mut Dice) -> Event {
    let (field, to) = match dice.below(4) {
        0 => ("title", Some(Value::Text(format!("Pause {}", dice.below(100)).into()))),
        1 => ("important", Some(Value::Flag(dice.below(2) == 0))),
        2 => ("show_from", None),
        _ => ("hide_from", Some(Value::Date(day(dice.below(9))))),
    };
    let changes = vec![FieldChange { field: field.into(), from: None, to }];
    NoticeChanged { notice: notice.id, revision: notice.revision + 1, changes, by: Who::Operator }.into()
}

/// What may happen to the site next: outages come one after the other, as the rules have it.
fn next(site: &Site, dice: &mut Dice, at: DateTime<Utc>) -> Event {
    let all: Vec<&Notice> = site.notices().in_order();
    let one = if all.is_empty() { None } else { Some(all[dice.below(all.len())]) };
    let outage = site.outages().current();
    let message = format!("Until {}.", dice.below(12));
    match (dice.below(9), one, outage) {
        (0 | 1, Some(notice), _) => changed(notice, dice),
        (2, Some(notice), _) => {
            NoticeWithdrawn { notice: notice.id, revision: notice.revision + 1, by: anna() }.into()
        }
        (3, _, None) => OutageAnnounced {
            outage: OutageId(Uuid::now_v7()),
            message,
            prevent_logins: dice.below(2) == 0,
            until: Some(at),
            by: anna(),
        }
        .into(),
        (4, _, Some(outage)) => {
            let (outage, prevent_logins) = (outage.id, dice.below(2) == 0);
            OutageChanged { outage, message, prevent_logins, until: None, by: Who::Operator }.into()
        }
        (5, _, outage) => {
            let outage = outage.map_or_else(|| OutageId(Uuid::now_v7()), |outage| outage.id);
            OutageBegun { outage, by: Who::System, at: (dice.below(2) == 0).then_some(at) }.into()
        }
        (6, _, Some(outage)) => {
            let at = (dice.below(2) == 0).then_some(at);
            OutageEnded { outage: outage.id, reason: OutageEnd::Administrator, by: Some(anna()), at }.into()
        }
        (7, _, _) if site.outages().is_contact_lost() => ContactBack { at }.into(),
        (7, _, _) => ContactLost { contacts: vec!["ledger".into()], at }.into(),
        (8, _, _) => NodeStarted { node: "alpha".into(), version: "1".into(), date: None }.into(),
        _ => posted(NoticeId(Uuid::now_v7()), dice),
    }
}

/// With whom contact was lost is told by the event alone.
fn without_contacts(outages: &Outages) -> Outages {
    let mut contact = outages.contact().clone();
    if let domain::Contact::Lost { contacts, .. } = &mut contact {
        contacts.clear();
    }
    Outages::recorded(outages.current().cloned(), contact, outages.contact_since())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_was_is_what_its_fold_says() {
    let setting = Setting::new().await;
    let projections = setting.follow(read_models());
    let pool = projections.pool();
    let (mut site, mut states, mut dice) = (Site::default(), Vec::new(), Dice(5));
    let (mut version, mut over) = (0, Vec::new());
    for _ in 0..150 {
        // Within one append what is decided builds on what was decided before it.
        let (mut events, mut tip) = (Vec::new(), site.clone());
        for _ in 0..=dice.below(3) {
            let event = next(&tip, &mut dice, "2026-11-22T08:00:00Z".parse().expect("a time"));
            tip.evolve(&event, &At { version: 0, epoch: 1, stamp: None });
            let is_end = matches!(event, Event::OutageEnded(_));
            events.push(event);
            // No append ends two of them.
            if is_end {
                break;
            }
        }
        let appended = setting.append(&Site::stream(), events.clone()).await;
        let first = appended.last + 1 - i64::try_from(events.len()).expect("few");
        for (position, event) in (first..).zip(&events) {
            version += 1;
            let stamp = Some(Stamp { position, at: appended.recorded_at });
            if let Event::OutageEnded(e) = event {
                over.push((appended.last, e.outage));
            }
            site.evolve(event, &At { version, epoch: 1, stamp });
        }
        states.push((appended.last, site.clone()));
    }
    projections.wait_for(states.last().expect("some").0, SOON).await.expect("the read models follow");
    let today = day(4);
    for (position, site) in &states {
        let moment = Moment::AsOf(*position);
        assert_eq!(
            outages(pool, moment).await.expect("asked"),
            without_contacts(site.outages()),
            "{position}"
        );
        let expected = site.notices().in_order();
        let all = NoticesOf { today, state: None, after: None, limit: 1_000 };
        let found = notices(pool, all, moment).await.expect("asked");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "as of {position}");
        for state in [NoticeState::Waiting, NoticeState::Showing, NoticeState::Over] {
            let of = NoticesOf { state: Some(state), ..all };
            let found = notices(pool, of, moment).await.expect("asked");
            let those: Vec<&&Notice> =
                expected.iter().filter(|notice| notice.content.state(today) == state).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), those.into_iter().copied().collect::<Vec<_>>());
        }
        if let Some(first) = expected.first() {
            let after = NoticesOf { after: Some(first.place()), limit: 2, ..all };
            let found = notices(pool, after, moment).await.expect("asked");
            assert_eq!(
                found.iter().collect::<Vec<_>>(),
                expected.iter().skip(1).take(2).copied().collect::<Vec<_>>()
            );
            let one = notice(pool, first.id, moment).await.expect("asked");
            assert_eq!(one.as_ref(), Some(*first));
        }
        let past = past_outages(pool, moment, 10).await.expect("asked");
        let ids: Vec<OutageId> = past.iter().map(|it| OutageId(it.outage_id)).collect();
        let by_then = over.iter().rev().filter(|(end, _)| end <= position).map(|(_, id)| *id);
        let mut by_then: Vec<OutageId> = by_then.collect();
        by_then.dedup();
        by_then.truncate(10);
        assert_eq!(ids, by_then, "as of {position}");
    }
    let (_, last) = states.last().expect("some");
    let now = NoticesOf { today, state: None, after: None, limit: 1_000 };
    let found = notices(pool, now, Moment::Now).await.expect("asked");
    assert_eq!(found.iter().collect::<Vec<_>>(), last.notices().in_order(), "now");
    projections.stop().await;
}
