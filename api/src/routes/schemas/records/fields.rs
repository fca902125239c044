//! What a field of a record holds, as JSON Schema says it.

use domain::{Class, Field, Form};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};

/// A name: no control characters, no blanks at the ends.
const NAME: &str =
    r"^[^\u0000-\u0020\u007F-\u00A0]([^\u0000-\u001F\u007F-\u009F]*[^\u0000-\u0020\u007F-\u00A0])?$";
/// A text: no control characters but line ends and tabs.
const TEXT: &str = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$";

/// The same, or null.
pub(super) fn nullable(schema: Schema, may_be_null: bool) -> Schema {
    match schema {
        Schema::Object(mut object) if may_be_null => {
            if let SchemaType::Type(own) = object.schema_type.clone() {
                object.schema_type = SchemaType::from_iter([own, Type::Null]);
            }
            if let Some(words) = &mut object.enum_values {
                words.push(serde_json::Value::Null);
            }
            Schema::Object(object)
        }
        Schema::Array(mut array) if may_be_null => {
            array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
            Schema::Array(array)
        }
        schema => schema,
    }
}

/// A whole number.
pub(super) fn whole(min: Option<i64>, max: Option<i64>) -> Schema {
    let mut object = ObjectBuilder::new().schema_type(Type::Integer);
    if let Some(min) = min {
        object = object.minimum(Some(min));
    }
    if let Some(max) = max {
        object = object.maximum(Some(max));
    }
    Schema::Object(object.build())
}

/// What a field holds.
pub(super) fn field_schema(field: &Field) -> Schema {
    let class = match field.class {
        Class::Text => "text",
        Class::Data => "data",
        Class::Room => "room",
        Class::Timetable => "timetable",
        Class::Cover => "cover",
        Class::Exclusive => "exclusive: takes a lock",
    };
    let description = Some(format!("Class of action: {class}"));
    let text = |max: usize| {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(max)).description(description.clone())
    };
    match field.form {
        Form::Name => {
            Schema::Object(text(domain::NAME_LENGTH_MAX).min_length(Some(1)).pattern(Some(NAME)).build())
        }
        Form::Words(max) => Schema::Object(text(max).pattern(Some(TEXT)).build()),
        Form::Word(words) => Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(words.iter().copied()))
                .description(description)
                .build(),
        ),
        Form::Number(min, max) => whole(Some(min), Some(max)),
        Form::Decimal(max) => Schema::Object(
            ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(max)).build(),
        ),
        Form::Date => Schema::Object(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
                .description(description)
                .build(),
        ),
        Form::Flag => Schema::Object(ObjectBuilder::new().schema_type(Type::Boolean).build()),
        Form::Reference(kind) => Schema::Object(
            text(domain::NAME_LENGTH_MAX)
                .min_length(Some(1))
                .pattern(Some(NAME))
                .description(Some(format!("The name of one of the {kind}. Class of action: {class}")))
                .build(),
        ),
        Form::ReferenceOf(other) => Schema::Object(
            text(domain::NAME_LENGTH_MAX)
                .min_length(Some(1))
                .description(Some(format!(
                    "The name of a record of the kind that `{other}` says. Class of action: {class}"
                )))
                .build(),
        ),
        Form::References(kind) => {
            let name = text(domain::NAME_LENGTH_MAX).min_length(Some(1)).description(None::<String>).build();
            Schema::Array(
                ArrayBuilder::new()
                    .items(name)
                    .max_items(Some(domain::ROWS_MAX))
                    .description(Some(format!(
                        "The names of some of the {kind}, each once. Class of action: {class}"
                    )))
                    .build(),
            )
        }
        Form::Couplings => rows(&["class", "teacher", "subject", "room"], true),
        Form::Rows => rows(&["class", "teacher", "subject", "room"], false),
        Form::Days => Schema::Array(ArrayBuilder::new().items(RefOr::T(whole(Some(1), Some(7)))).build()),
        Form::Hours => Schema::Array(ArrayBuilder::new().items(RefOr::T(hour())).build()),
    }
}

fn rows(names: &[&str], coupling: bool) -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).build();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for name in names {
        object = object.property(*name, text());
    }
    if coupling {
        object = object
            .property("hours_per_week", nullable(whole(Some(0), Some(1_000)), true))
            .property("student_group", text());
    }
    Schema::Array(ArrayBuilder::new().items(object.build()).max_items(Some(domain::ROWS_MAX)).build())
}

fn hour() -> Schema {
    let clock = || {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .pattern(Some("^[0-9]{2}:[0-9]{2}$"))
            .build()
    };
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("hour", whole(Some(1), Some(100)))
        .property("from", clock())
        .property("to", clock())
        .required("hour")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    Schema::Object(object.build())
}
