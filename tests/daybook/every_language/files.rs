//! Files of an import.

use reqwest::Method;
use tests::office::{Office, plan};

use super::told_alike;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_files() {
    let office = Office::open("languages_files").await;
    let anna = office.log_in("anna").await;
    let lock = office.lock(&anna, "data-import").await;
    let mut alike = Vec::new();
    for (files, words) in [
        (vec![], vec![]),
        (vec![("x.txt", "")], vec![]),
        (vec![("GPU004.TXT", "A\nB"), ("gpu004.txt", "A")], vec![]),
        (vec![("GPU004.TXT", "A,,,,none,,,x,9999\n,\nA,other\n\"B\n")], vec![]),
        (vec![("GPU004.TXT", "A\"b,c\n\"A\"b,c\n\"open")], vec![]),
        (vec![("GPU003.TXT", "1a,,,none,,,,,,,,,,,none,,,,,20261301,x,,,,,,,,,,NONE,,-1\n")], vec![]),
        (vec![("GPU002.TXT", "x,1,,,,\n,1\n5,999,NO,NO,NO,NO\n")], vec![]),
        (vec![("GPU001.TXT", "5,NO,NO,NO,NO,9,99\n,,,,,,\n5,,,,,,\n")], vec![]),
        (
            vec![
                ("GPU012.TXT", ",\n"),
                ("GPU013.TXT", "1,X,NO,20200101,1,2,3\n,L,,,,,\n2,L,NO,20261105,20261101,9,1\n"),
            ],
            vec![],
        ),
        (vec![("GPU014.TXT", "1,20260101,99,,7,NO,NO,NO,,,,NO,,,NO~NO\n,,,\n2,x,x\n")], vec![]),
        (vec![("GPU018.TXT", "H,,20200101,20200102\nI,,20261105,20261101\nJ\n")], vec![]),
        (vec![("GPU004.TXT", "A\n")], vec![("mode", "x")]),
        (vec![("GPU004.TXT", "A\n")], vec![("lessons", "x"), ("dry_run", "x"), ("create_missing", "x")]),
        (vec![("GPU004.TXT", "A\n")], vec![("colour", "red")]),
        (vec![("GPU004.TXT", "A\n")], vec![("department", "none")]),
    ] {
        let make = || {
            let mut form = reqwest::multipart::Form::new();
            for (name, word) in &words {
                form = form.text(*name, *word);
            }
            for (name, content) in &files {
                form =
                    form.part("file", reqwest::multipart::Part::bytes(content.as_bytes()).file_name(*name));
            }
            let request = office.request(Method::POST, &format!("/v1{}", plan("/imports")), &anna);
            request.multipart(form).header("daybook-lock", &lock)
        };
        alike.extend(told_alike(&office, make).await);
    }
    assert!(alike.is_empty(), "{alike:#?}");
    // Warnings of a try that nothing is wrong with.
    let mut told = Vec::new();
    for language in ["en", "de", "sv", "fi"] {
        let file = reqwest::multipart::Part::bytes(&b"7,1a,GAUSS,M,R1,7,20\n7,1a,GAUSS,M,R1,7,19\n"[..]);
        let lessons = reqwest::multipart::Part::bytes(&b"7,1,,1a,GAUSS,M,R1\n7,1,,1b,GAUSS,M,R1,,,9\n"[..]);
        let form = reqwest::multipart::Form::new().text("create_missing", "true").text("dry_run", "true");
        let form = form.part("file", file.file_name("GPU001.TXT"));
        let form = form.part("file", lessons.file_name("GPU002.TXT"));
        let request = office.request(Method::POST, &format!("/v1{}", plan("/imports")), &anna);
        let answer = office.send(request.header("accept-language", language).multipart(form)).await;
        assert_eq!(answer.outcome(), "200", "{}", answer.body);
        told.push(answer.body["warnings"].as_array().unwrap().clone());
    }
    assert!(told[0].len() > 1, "{told:?}");
    for other in &told[1..] {
        assert!(other.iter().zip(&told[0]).all(|(one, two)| one != two), "{told:#?}");
    }
    office.close().await;
}
