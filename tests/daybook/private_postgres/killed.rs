//! A service or its server that is killed, and what the next start makes of it.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{
    another_process, ask, directory, execute, postmaster, serving, start, this_program, unfinished, until,
};

fn kill_hard(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_kill_in_the_middle_of_initdb_leaves_nothing_in_the_way() {
    let data = directory();
    let mut other = another_process(data.path(), &this_program()).spawn().unwrap();
    until("initdb writes", || unfinished(data.path()).iter().any(|path| path.join("PG_VERSION").exists()))
        .await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!data.path().join("postgres").exists(), "the kill came too late");
    let postgres = start(data.path()).await;
    assert_eq!(ask(&postgres, "select 'whole'").await.unwrap(), "whole");
    postgres.stop().await.unwrap();
    // The killed one's initdb may have been at work still; what it left goes at the next start.
    start(data.path()).await.stop().await.unwrap();
    assert_eq!(unfinished(data.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_server_of_a_killed_service_is_used_and_stopped_in_the_end() {
    let data = directory();
    let mut other = serving(another_process(data.path(), &this_program()), data.path()).await;
    let server = postmaster(data.path());
    other.kill().unwrap();
    other.wait().unwrap();
    let postgres = start(data.path()).await;
    assert_eq!(postmaster(data.path()), server);
    postgres.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
}

#[tokio::test]
async fn after_a_kill_of_both_the_next_start_recovers() {
    let data = directory();
    let mut other = serving(another_process(data.path(), &this_program()), data.path()).await;
    let server = postmaster(data.path());
    other.kill().unwrap();
    kill_hard(server.unwrap());
    let postgres = start(data.path()).await;
    assert_ne!(postmaster(data.path()), server);
    assert_eq!(ask(&postgres, "select 'recovered'").await.unwrap(), "recovered");
    postgres.stop().await.unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_server_that_dies_under_a_service_is_started_again() {
    let data = directory();
    let parent = start(data.path()).await;
    let attached = start(data.path()).await;
    execute(&parent, "create table kept as select 'yes'::text as answer").await;
    for _ in 0..3 {
        let server = postmaster(data.path());
        kill_hard(server.unwrap());
        let began = Instant::now();
        while ask(&attached, "select answer from kept").await.ok().as_deref() != Some("yes") {
            assert!(began.elapsed() < Duration::from_secs(30), "it never came back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_ne!(postmaster(data.path()), server);
    }
    parent.stop().await.unwrap();
    attached.stop().await.unwrap();
    assert_eq!(postmaster(data.path()), None);
}

#[tokio::test]
async fn a_number_that_now_belongs_to_another_process_does_not_keep_the_server_down() {
    let data = directory();
    start(data.path()).await.stop().await.unwrap();
    let cluster = data.path().join("postgres");
    let owner = std::fs::metadata(&cluster).unwrap().uid();
    let mut stranger = Command::new("sleep").arg("60").current_dir("/").uid(owner).spawn().unwrap();
    let stale = format!("{}\n{}\n1\n5432\n.\n\n0 0\nready\n", stranger.id(), cluster.display());
    std::fs::write(cluster.join("postmaster.pid"), stale).unwrap();
    chown(cluster.join("postmaster.pid"), Some(owner), None).unwrap();
    let postgres = start(data.path()).await;
    assert_eq!(ask(&postgres, "select 'up'").await.unwrap(), "up");
    postgres.stop().await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was hit");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
