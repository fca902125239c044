//! The description of records, made from the table of fields.

mod fields;

use axum::routing::MethodRouter;
use domain::{Form, Kind};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

use self::fields::{field_schema, nullable, whole};
use crate::app::App;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// GET of the collection.
    List,
    /// POST on the collection.
    Create,
    /// GET of one.
    Show,
    /// PUT of one.
    Put,
    /// PATCH of one.
    Patch,
    /// DELETE of one.
    Remove,
}

/// A route with its description.
pub fn route(
    path: &str,
    kind: Kind,
    operation: Operation,
    router: MethodRouter<App>,
) -> UtoipaMethodRouter<App> {
    let (method, status) = match operation {
        Operation::List | Operation::Show => (HttpMethod::Get, "200"),
        Operation::Create => (HttpMethod::Post, "201"),
        Operation::Put => (HttpMethod::Put, "200"),
        Operation::Patch => (HttpMethod::Patch, "200"),
        Operation::Remove => (HttpMethod::Delete, "204"),
    };
    let word = kind.word().replace('-', "_");
    let verb = match operation {
        Operation::List => "list",
        Operation::Create => "create",
        Operation::Show => "show",
        Operation::Put => "put",
        Operation::Patch => "patch",
        Operation::Remove => "remove",
    };
    let mut described = OperationBuilder::new()
        .operation_id(Some(format!("{verb}_{word}")))
        .summary(Some(summary(kind, operation)))
        .tag(kind.word());
    for parameter in parameters(path, kind, operation) {
        described = described.parameter(parameter);
    }
    if matches!(operation, Operation::Create | Operation::Put | Operation::Patch) {
        let media =
            if operation == Operation::Patch { "application/merge-patch+json" } else { "application/json" };
        let content = || ContentBuilder::new().schema(Some(reference(&input_name(kind)))).build();
        let mut body = RequestBodyBuilder::new().required(Some(Required::True)).content(media, content());
        if operation == Operation::Patch {
            body = body.content("application/json", content());
        }
        described = described.request_body(Some(body.build()));
    }
    let mut schemas = vec![(record_name(kind), record(kind)), (input_name(kind), input(kind))];
    let response = match operation {
        Operation::Remove => ResponseBuilder::new().description("It is removed").build(),
        Operation::List => {
            let name = format!("{}Page", record_name(kind));
            schemas.push((name.clone(), page(kind)));
            answer("The records, by name", &name)
        }
        _ => answer("The record", &record_name(kind)),
    };
    if operation == Operation::Put {
        described = described.response("201", answer("The record that was made", &record_name(kind)));
    }
    if operation == Operation::Show {
        described =
            described.response("304", ResponseBuilder::new().description("The caller has it").build());
    }
    described = described.response(status, response);
    let mut paths = Paths::new();
    paths.add_path_operation(path, vec![method], described.build());
    (schemas, paths, router)
}

fn summary(kind: Kind, operation: Operation) -> String {
    match operation {
        Operation::List => format!("Lists {kind}."),
        Operation::Create => format!("Makes one of the {kind}; without `id` it gets the next number."),
        Operation::Show => format!("Shows one of the {kind}."),
        Operation::Put => format!("Makes or replaces one of the {kind}: what is not named is unset."),
        Operation::Patch => format!("Changes one of the {kind}: what is not named stays, `null` unsets."),
        Operation::Remove => format!("Removes one of the {kind} that no other record refers to."),
    }
}

fn parameters(path: &str, kind: Kind, operation: Operation) -> Vec<Parameter> {
    let text = || Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
    let parameter = |name: &str, at: ParameterIn, required, schema: Schema, description: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(at)
            .required(required)
            .schema(Some(schema))
            .description(Some(description))
            .build()
    };
    let mut all = Vec::new();
    for (name, description) in
        [("plan", "`school~year~version`"), ("id", "The name"), ("n", "The hour of the lesson, from 1")]
    {
        if path.contains(&format!("{{{name}}}")) {
            let schema = if name == "n" { whole(Some(1), None) } else { text() };
            all.push(parameter(name, ParameterIn::Path, Required::True, schema, description));
        }
    }
    let query = |name: &str, description: &str| {
        parameter(name, ParameterIn::Query, Required::False, text(), description)
    };
    if operation == Operation::List && kind != Kind::Placements {
        all.push(query("q", "A part of the name or long name"));
        for name in ["class", "teacher", "room", "subject", "department"] {
            all.push(query(name, "Only records that refer to it"));
        }
        let day = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
        all.push(parameter(
            "date",
            ParameterIn::Query,
            Required::False,
            Schema::Object(day.build()),
            "Only what holds on that day: between `from` and `to`; substitutions from or to that day",
        ));
    }
    let removes_named = operation == Operation::Remove && kind != Kind::Placements;
    let has_periods = kind.has_period_values() || kind == Kind::Placements;
    // What is new has no values of a single period yet.
    if has_periods && !removes_named && operation != Operation::Create {
        all.push(query("period", "The period whose own values are meant"));
    }
    if matches!(operation, Operation::Put | Operation::Patch) && !kind.is_singleton() {
        let disjoint = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["disjoint"])).build();
        let description = "A stale change may pass when nobody else touched its fields";
        all.push(parameter(
            "merge",
            ParameterIn::Query,
            Required::False,
            Schema::Object(disjoint),
            description,
        ));
    }
    all
}

fn record_name(kind: Kind) -> String {
    match kind {
        Kind::Classes => "Class".to_owned(),
        Kind::TimeGrid => "TimeGrid".to_owned(),
        Kind::SchoolData => "SchoolData".to_owned(),
        kind => {
            let word = kind.word().trim_end_matches('s');
            word.split('-').map(|part| format!("{}{}", part[..1].to_uppercase(), &part[1..])).collect()
        }
    }
}

fn input_name(kind: Kind) -> String {
    format!("{}Fields", record_name(kind))
}

fn reference(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

fn answer(description: &str, schema: &str) -> utoipa::openapi::Response {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(reference(schema))).build())
        .build()
}

fn page(kind: Kind) -> RefOr<Schema> {
    let items = ArrayBuilder::new().items(reference(&record_name(kind))).build();
    let next = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).build();
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("items", items)
        .property("next", next)
        .property("editable", ObjectBuilder::new().schema_type(Type::Object).build())
        .required("items")
        .required("next");
    RefOr::T(Schema::Object(object.build()))
}

/// The record as it is shown.
fn record(kind: Kind) -> RefOr<Schema> {
    let any = || ObjectBuilder::new().schema_type(SchemaType::AnyValue).build();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("id", ObjectBuilder::new().schema_type(Type::String).build())
        .property("revision", whole(Some(1), None))
        .required("id")
        .required("revision");
    for field in kind.fields().iter().filter(|field| field.name != "id") {
        object = object.property(field.name, field_schema(field));
    }
    let changed = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Who changed it last, when and where: `{by, at, position}`"));
    object = object.property("changed", changed.build());
    let editable = ObjectBuilder::new().schema_type(Type::Object).description(Some(
        "In lists and singletons: whether the caller could edit it now, else why not and who holds it",
    ));
    object = object.property("editable", editable.build());
    if !kind.is_singleton() {
        object = object.property("period_fields", ArrayBuilder::new().items(any()).build());
    }
    if kind == Kind::Placements {
        for name in ["lesson", "period"] {
            object = object.property(name, ObjectBuilder::new().schema_type(Type::String).build());
        }
        object = object.property("n", whole(Some(1), None));
    }
    RefOr::T(Schema::Object(object.build()))
}

/// The record as it is written.
fn input(kind: Kind) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for field in kind.fields() {
        object = object.property(field.name, nullable(field_schema(field), field.form != Form::Name));
    }
    if kind == Kind::Placements {
        let room = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("A room for all rows"));
        object = object.property("room", room.build());
    }
    RefOr::T(Schema::Object(object.build()))
}
