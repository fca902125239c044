//! Starts that cannot be, and what is told of them.

use api::private_postgres::{PrivatePostgres, PrivatePostgresError, Settings};

use super::directory;

#[tokio::test]
async fn a_cluster_of_another_major_version_is_refused_with_the_commands_that_help() {
    let data = directory();
    std::fs::create_dir(data.path().join("postgres")).unwrap();
    std::fs::write(data.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = PrivatePostgres::start(&Settings::new(data.path())).await.unwrap_err();
    assert!(matches!(error, PrivatePostgresError::OtherMajor(_)));
    for help in ["PostgreSQL 9", "apt-get install postgresql-9", "pg_upgrade -b OLD", "pg_restore"] {
        assert!(error.to_string().contains(help), "{help} is missing in: {error}");
    }
    assert_eq!(std::fs::read_dir(data.path().join("postgres")).unwrap().count(), 1);
}

#[tokio::test]
async fn missing_programs_are_named_with_the_ways_to_get_them() {
    let (data, empty) = (directory(), directory());
    let settings = Settings { bin_dir: Some(empty.path().into()), ..Settings::new(data.path()) };
    let error = PrivatePostgres::start(&settings).await.unwrap_err().to_string();
    let place = empty.path().to_string_lossy().into_owned();
    for help in [place.as_str(), "apt-get install postgresql", "--postgres-bin", "--database-url"] {
        assert!(error.contains(help), "{help} is missing in: {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_start_tells_why() {
    let data = directory();
    let settings =
        Settings { overrides: vec![("shared_buffers", "none".to_owned())], ..Settings::new(data.path()) };
    let error = PrivatePostgres::start(&settings).await.unwrap_err().to_string();
    assert!(error.contains("shared_buffers"), "{error}");
}
