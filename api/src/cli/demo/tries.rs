//! The block that is printed when the demo is ready: where it is, who can log in, what to try.

use crate::cli::banner::{how_to_stop, line, where_it_is};
use crate::cli::serve::Addresses;

use super::school::{PLAN, School};

/// The whole block. Each thing to try can be copied into a shell as it stands.
pub fn block(addresses: &Addresses, school: &School) -> String {
    let mut lines =
        vec![String::new(), "The sample school is ready. Everything is thrown away at the end.".to_owned()];
    lines.extend(where_it_is(addresses));
    lines.push(line("plan", PLAN));
    let users: Vec<String> = school.users.iter().map(|(name, group)| format!("{name} ({group})")).collect();
    lines.push(line("users", &users.join(", ")));
    lines.push(line("password", &format!("{} for each of them", school.password)));
    lines.push(line("token", &format!("{} (reads)", school.token)));
    for (number, (what, command)) in tries(&addresses.url, school).into_iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("{}. {what}", number + 1));
        lines.push(String::new());
        lines.push(command);
    }
    lines.push(String::new());
    lines.push(how_to_stop());
    lines.join("\n")
}

/// What to try, and the command for it.
fn tries(url: &str, school: &School) -> [(&'static str, String); 3] {
    let School { password, token, .. } = school;
    let plan = format!("{url}/v1/plans/{PLAN}");
    let bearer = format!("-H 'Authorization: Bearer {token}'");
    [
        (
            "The timetable of class 5a, and the two double bookings of the school:",
            format!(
                "curl -s -w '\\n' '{plan}/timetable?class=5a' {bearer}\ncurl -s -w '\\n' '{plan}/collisions' {bearer}"
            ),
        ),
        (
            "Log in as anna and change a teacher; only the one who knows the revision may:",
            format!(
                "SESSION=$(curl -s '{url}/v1/sessions' -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"user\": \"anna\", \"password\": \"{password}\", \"plan\": \"{PLAN}\"}}' \\\n  \
                 | sed 's/.*\"token\": *\"\\([^\"]*\\)\".*/\\1/')\n\
                 ETAG=$(curl -s -o /dev/null -D - '{plan}/teachers/ULB' -H \"Authorization: Bearer $SESSION\" \\\n  \
                 | tr -d '\\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')\n\
                 curl -s -w '\\n' -X PATCH '{plan}/teachers/ULB' -H \"Authorization: Bearer $SESSION\" \\\n  \
                 -H \"If-Match: $ETAG\" -H 'Content-Type: application/merge-patch+json' \\\n  \
                 -d '{{\"text\": \"back on Monday\"}}'"
            ),
        ),
        (
            "Who changed what, as other programs hear of it:",
            format!("curl -s -w '\\n' '{plan}/changes?record=teachers/ULB' {bearer}"),
        ),
    ]
}
