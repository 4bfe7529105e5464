//! What the integration tests share.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::PathBuf;
use std::sync::Arc;

use dataseries::Checks;
use dataseries::Compression;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::File;
use dataseries::Parts;
use dataseries::Row;
use dataseries::StoredExtent;
use dataseries::Value;
use dataseries::Writer;
use dataseries::WriterOptions;
use sha2::Digest;
use sha2::Sha256;

/// Every finished sample file.
pub const SAMPLES: [&str; 9] = [
    "complex.ds-littleend",
    "complex.ds-bigend",
    "pss5.ds-littleend",
    "pss5.ds-bigend",
    "nfs-2.set-0.ip.ds",
    "nfs-2.set-1.20k.ds",
    "recovery/recovered-two-extents.ds",
    "cp.ds",
    "rmdir.ds",
];

pub fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name].iter().collect()
}

pub fn open(name: &str) -> File {
    File::open(path(name), Checks::ALL).unwrap()
}

/// The stored and the unpacked extents of a file, type library and index included.
pub fn extents(file: &File) -> impl Iterator<Item = (StoredExtent, Extent)> {
    file.entries().iter().map(|entry| {
        let stored = file.read(entry).unwrap();
        let extent = stored.unpack(Parts::All, file.checks()).unwrap();
        (stored, extent)
    })
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A type with this content.
pub fn parse(text: &str) -> Arc<ExtentType> {
    Arc::new(ExtentType::parse(text).unwrap())
}

/// Adds a row with these values, set in the order of the columns.
pub fn push(builder: &mut ExtentBuilder, row: &Row<'_>) {
    let ty = Arc::clone(builder.extent_type());
    builder.new_row();
    for column in ty.columns() {
        match row.get(column) {
            Value::Null => builder.set_null(column),
            Value::Bool(value) => builder.set_bool(column, value),
            Value::Byte(value) => builder.set_byte(column, value),
            Value::Int32(value) => builder.set_int32(column, value),
            Value::Int64(value) => builder.set_int64(column, value),
            Value::Double(value) => builder.set_double(column, value),
            Value::Bytes(value) => builder.set_bytes(column, value).unwrap(),
        }
    }
}

/// The bytes of a finished file with these extents.
pub fn write(
    types: &[Arc<ExtentType>],
    extents: &[StoredExtent],
    compression: Compression,
) -> Vec<u8> {
    let byte_order = extents.first().map(StoredExtent::byte_order).unwrap_or_default();
    let options = WriterOptions { compression, byte_order };
    let mut writer = Writer::new(Vec::new(), "test", types, options).unwrap();
    for extent in extents {
        writer.write(extent).unwrap();
    }
    writer.finish().unwrap()
}
