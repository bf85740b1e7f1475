//! The JSON Schema of a profile's file, for editors.

/// The JSON Schema of a profile's file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(super::Document).to_value()
}
