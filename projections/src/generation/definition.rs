//! What the definitions of read models say of themselves: which tables there are, and whose they are.

/// The definition of one read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// The projection that writes the tables: the first table bears its name.
    pub projection: &'static str,
    /// Its tables.
    pub tables: Vec<&'static str>,
    /// What makes them.
    pub sql: &'static str,
}

/// What makes the tables of one projection and the checkpoints.
pub(crate) fn definitions_of(projection: &str) -> impl Iterator<Item = &'static str> {
    let all = super::DEFINITIONS.iter().filter_map(|sql| definition(sql));
    all.filter(move |it| it.projection == CHECKPOINT || it.projection == projection).map(|it| it.sql)
}

/// The first table of the frame that all share.
const CHECKPOINT: &str = "checkpoint";

/// The definitions but that of the checkpoints.
pub(crate) fn definitions() -> Vec<Definition> {
    super::DEFINITIONS
        .iter()
        .filter_map(|sql| definition(sql))
        .filter(|it| it.projection != CHECKPOINT)
        .collect()
}

/// The tables of a projection. One without a definition has none of its own.
pub(crate) fn tables_of(projection: &str) -> Vec<&'static str> {
    let found = definitions().into_iter().find(|it| it.projection == projection);
    found.map(|it| it.tables).unwrap_or_default()
}

fn definition(sql: &'static str) -> Option<Definition> {
    let tables: Vec<&str> = sql
        .lines()
        .filter_map(|line| line.strip_prefix("create table "))
        .filter_map(|rest| rest.split([' ', '(']).next())
        .collect();
    Some(Definition { projection: tables.first()?, tables, sql })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_projection_has_a_definition_whose_first_table_bears_its_name() {
        let defined: Vec<&str> = definitions().iter().map(|it| it.projection).collect();
        for projection in crate::read_models() {
            assert!(defined.contains(&projection.name()), "{} has no definition", projection.name());
        }
        for name in defined {
            let known = crate::read_models().iter().any(|projection| projection.name() == name);
            assert!(
                known,
                "nobody writes the tables of {name}; its first table should bear its projection's name"
            );
        }
    }

    #[test]
    fn every_table_is_found() {
        assert_eq!(tables_of("placement"), ["placement", "meeting"]);
        assert_eq!(tables_of("refusal"), ["refusal", "refusal_lock"]);
        assert_eq!(tables_of("nobody"), [""; 0]);
    }
}
