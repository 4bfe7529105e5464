//! The work that `cargo xtask bench dataseries` times: each mode does one thing to a whole file.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::FieldKind;
use dataseries::File;
use dataseries::ParallelWriter;
use dataseries::Parts;
use dataseries::Row;
use dataseries::StoredExtent;
use dataseries::Writer;
use dataseries::WriterOptions;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "bench write FILE BYTES CODEC THREADS | decode FILE [unchecked] | lz4 FILE | \
                     rows FILE | bytes FILE";

/// What an extent has in bytes, as the recorder makes them.
const EXTENT_SIZE: usize = 1 << 20;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["write", path, bytes, codec, threads] => {
            write(path.as_ref(), bytes.parse()?, codec.parse()?, threads.parse()?)
        }
        ["decode", path] => decode(path.as_ref(), Checks::ALL),
        ["decode", path, "unchecked"] => decode(path.as_ref(), Checks::NONE),
        ["lz4", path] => lz4_alone(path.as_ref()),
        ["rows", path] => rows(path.as_ref()),
        ["bytes", path] => bytes(path.as_ref()),
        _ => Err(USAGE.into()),
    }
}

/// The columns of a traced read.
fn read_type() -> Result<Arc<ExtentType>> {
    let mut text =
        String::from("<ExtentType name='IOTTAFSL::Trace::Syscall::read' version='1.00'>");
    for (name, kind) in [
        ("errno_number", "int32"),
        ("executing_pid", "int32"),
        ("executing_tid", "int32"),
        ("return_value", "int64"),
        ("time_called", "int64"),
        ("time_recorded", "int64"),
        ("time_returned", "int64"),
        ("unique_id", "int64"),
        ("bytes_requested", "int64"),
        ("data_read", "variable32"),
        ("descriptor", "int32"),
    ] {
        text += &format!("<field name='{name}' type='{kind}' opt_nullable='yes'/>");
    }
    text += "<field name='buffer_not_captured' type='bool' opt_nullable='yes'/></ExtentType>";
    Ok(Arc::new(ExtentType::parse(&text)?))
}

/// Reads of 16 bytes to 4 KiB of something that packs as log files do, until there are so many bytes of
/// rows and values.
fn write(path: &Path, bytes: u64, codec: Codec, threads: usize) -> Result<()> {
    let ty = read_type()?;
    let compression = Compression::new(&[codec])?;
    let options = WriterOptions { compression: compression.clone(), ..WriterOptions::default() };
    let writer = Writer::create(path, std::slice::from_ref(&ty), options)?;
    let mut writer = ParallelWriter::new(writer, compression, threads);
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), EXTENT_SIZE)?;
    builder.set_template_nulls();
    let columns = ty.columns();
    let data = log(1 << 20);
    let (mut written, mut number) = (0, 0_u64);
    while written < bytes {
        if builder.is_full() {
            written += builder.size() as u64;
            let mut packed = writer.spare();
            builder.take_into(&mut packed);
            writer.write(packed)?;
        }
        let length = 16 << (number % 9);
        let at = (number as usize * 4099) % (data.len() - length);
        let now = 1_700_000_000_000_000_000 + number as i64 * 10_007;
        builder.new_row();
        builder.set_int32(&columns[0], 0);
        builder.set_int32(&columns[1], 4711 + (number % 3) as i32);
        builder.set_int32(&columns[2], 4711 + (number % 3) as i32);
        builder.set_int64(&columns[3], length as i64);
        for (column, later) in columns[4..7].iter().zip([0, 5003, 2003]) {
            builder.set_int64(column, now + later);
        }
        builder.set_int64(&columns[7], number as i64);
        builder.set_int64(&columns[8], length as i64);
        builder.set_bytes(&columns[9], &data[at..at + length])?;
        builder.set_int32(&columns[10], 3 + (number % 5) as i32);
        number += 1;
    }
    writer.write(builder.take())?;
    writer.finish()?;
    Ok(())
}

/// `length` bytes of lines with numbers in them.
fn log(length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 128);
    let mut random: u64 = 1;
    while text.len() < length {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (time, client) = (random >> 44, random >> 56);
        writeln!(
            text,
            "10.0.0.{client} - - [{time}] \"GET /page/{:x} HTTP/1.1\" 200",
            random >> 40
        )
        .expect("a vector takes everything");
    }
    text.truncate(length);
    text
}

/// Extents that are unpacked together.
const TOGETHER: usize = 8;

/// Unpacks every extent, a few at a time, in buffers that are used again.
fn each(path: &Path, checks: Checks, mut with: impl FnMut(&Extent)) -> Result<()> {
    let file = File::open(path, checks)?;
    let mut extents = vec![Extent::empty(ExtentType::index_type()); TOGETHER];
    let mut buffers = vec![Vec::new(); TOGETHER];
    let entries: Vec<_> = file.entries().iter().filter(|entry| entry.is_data()).collect();
    // Without the hash nothing is gained by it.
    let together = if checks.bjhash { TOGETHER } else { 1 };
    for entries in entries.chunks(together) {
        let read = entries.iter().zip(buffers.drain(..entries.len()));
        let stored: Vec<_> = read
            .map(|(entry, buffer)| file.read_with(entry, buffer))
            .collect::<std::result::Result<_, _>>()?;
        let jobs = stored.iter().zip(&mut extents);
        let mut jobs: Vec<_> = jobs.map(|(stored, extent)| (stored, extent, Parts::All)).collect();
        for result in StoredExtent::unpack_each(&mut jobs, &checks) {
            result?;
        }
        extents[..entries.len()].iter().for_each(&mut with);
        buffers.extend(stored.into_iter().map(StoredExtent::into_bytes));
    }
    Ok(())
}

fn decode(path: &Path, checks: Checks) -> Result<()> {
    each(path, checks, |extent| {
        black_box((extent.fixed(), extent.pool()));
    })
}

/// Unpacks, and looks at every value of every row.
fn rows(path: &Path) -> Result<()> {
    let mut sum = 0_u64;
    each(path, Checks::NONE, |extent| {
        let columns = extent.extent_type().columns();
        for row in extent.rows() {
            for column in columns {
                sum = sum.wrapping_add(value(&row, column));
            }
        }
    })?;
    black_box(sum);
    Ok(())
}

fn value(row: &Row<'_>, column: &dataseries::Column) -> u64 {
    match column.kind {
        _ if row.is_null(column) => 1,
        FieldKind::Bool => row.bool(column).into(),
        FieldKind::Byte => row.byte(column).into(),
        FieldKind::Int32 => row.int32(column) as u64,
        FieldKind::Int64 => row.int64(column) as u64,
        FieldKind::Double => row.double(column) as u64,
        FieldKind::Variable32 | FieldKind::FixedWidth => row.bytes(column).len() as u64,
    }
}

/// What the lz4 crate alone needs: the same blocks, read in the same way and decompressed into buffers
/// that are used again.
fn lz4_alone(path: &Path) -> Result<()> {
    let file = File::open(path, Checks::NONE)?;
    let up = |n: usize| n.div_ceil(4) * 4;
    let (mut fixed, mut variable, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    for entry in file.entries().iter().filter(|entry| entry.is_data()) {
        let stored = file.read_with(entry, buffer)?;
        let prefix = *stored.prefix();
        let start = up(28 + prefix.name_len as usize);
        let parts = stored.bytes()[start..].split_at(up(prefix.stored_fixed as usize));
        fixed.resize(stored.fixed_size() as usize, 0);
        variable.resize(prefix.variable_size as usize - 4, 0);
        unpack(prefix.fixed_code, &parts.0[..prefix.stored_fixed as usize], &mut fixed)?;
        unpack(prefix.variable_code, &parts.1[..prefix.stored_variable as usize], &mut variable)?;
        black_box((&fixed, &variable));
        buffer = stored.into_bytes();
    }
    Ok(())
}

fn unpack(code: u8, stored: &[u8], out: &mut [u8]) -> Result<()> {
    match Codec::from_code(code) {
        // What didn't get smaller.
        Some(Codec::None) => out.copy_from_slice(stored),
        _ => drop(lz4_flex::block::decompress_into(stored, out)?),
    }
    Ok(())
}

/// Prints how many bytes of rows and values there are, unpacked.
fn bytes(path: &Path) -> Result<()> {
    let file = File::open(path, Checks::ALL)?;
    let mut bytes = 0;
    for entry in file.entries().iter().filter(|entry| entry.is_data()) {
        let prefix = file.read_prefix(entry)?;
        bytes += u64::from(prefix.records) * entry.extent_type.record_size() as u64;
        bytes += u64::from(prefix.variable_size);
    }
    println!("{bytes}");
    Ok(())
}
