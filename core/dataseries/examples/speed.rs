//! Measures how fast rows are set, packed and unpacked: `cargo run --release --example speed`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::Error;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::Packed;
use dataseries::Parts;

const ROWS: usize = 1 << 18;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plain = Arc::new(ExtentType::parse(&schema(false))?);
    let relative = Arc::new(ExtentType::parse(&schema(true))?);
    println!("{} columns, {} bytes a record", plain.columns().len(), plain.record_size());

    for (name, target_size) in [("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("16 MiB", 16 << 20)] {
        let (extents, time) = set_rows(&plain, target_size)?;
        println!(
            "\nextents of {name}: set a row with a string of 40 bytes: {:.1} ns, a value: {:.2} ns",
            time.as_nanos() as f64 / ROWS as f64,
            time.as_nanos() as f64 / (ROWS * plain.columns().len()) as f64
        );
        for codec in [Codec::None, Codec::Lz4, Codec::Snappy, Codec::Lzf, Codec::Zlib, Codec::Bz2] {
            measure(codec.name(), &extents, codec)?;
        }
        let (extents, _) = set_rows(&relative, target_size)?;
        measure("relative", &extents, Codec::None)?;
    }
    Ok(())
}

fn schema(relative: bool) -> String {
    let mut text = String::from("<ExtentType name='calls' version='1.0'>");
    let relative = |name| match relative {
        true => format!(" pack_relative='{name}'"),
        false => String::new(),
    };
    for name in ["time_called", "time_returned", "time_recorded", "unique_id"] {
        text += &format!("<field type='int64' name='{name}'{} />", relative(name));
    }
    text += "<field type='int64' name='return_value' opt_nullable='yes' />";
    for name in ["errno", "pid", "ppid", "pgid", "sid", "tid", "uid", "descriptor", "flags"] {
        text += &format!("<field type='int32' name='{name}' opt_nullable='yes' />");
    }
    text += "<field type='bool' name='captured' opt_nullable='yes' />
             <field type='bool' name='eof' opt_nullable='yes' />
             <field type='variable32' name='data' opt_nullable='yes' />
             </ExtentType>";
    text
}

/// Builds all extents twice, and times the second time, when the buffers are there already.
fn set_rows(
    ty: &Arc<ExtentType>,
    target_size: usize,
) -> Result<(Vec<Extent>, Duration), Box<dyn std::error::Error>> {
    let mut builder = ExtentBuilder::new(Arc::clone(ty), target_size)?;
    builder.set_template_nulls();
    let columns: Vec<_> = ty.columns().to_vec();
    let mut spare = Packed::default();
    let mut extents = Vec::new();
    let mut spent = Duration::ZERO;
    for timed in [false, true] {
        let mut start = Instant::now();
        for row in 0..ROWS {
            if builder.is_full() {
                builder.take_into(&mut spare);
                spent += start.elapsed();
                let stored = spare.compress(&Compression::none())?;
                if timed {
                    extents.push(stored.unpack(Parts::All, &Checks::ALL)?);
                }
                start = Instant::now();
            }
            builder.new_row();
            let number = row as i64;
            for (index, column) in columns[..5].iter().enumerate() {
                builder.set_int64(column, 1_700_000_000_000 + number * 1000 + index as i64);
            }
            for (index, column) in columns[5..14].iter().enumerate() {
                builder.set_int32(column, index as i32 + (row as i32 & 3));
            }
            builder.set_bool(&columns[14], row & 1 == 0);
            builder.set_bool(&columns[15], row & 2 == 0);
            builder.set_bytes(&columns[16], &text_of(row))?;
        }
        spent += start.elapsed();
        if !timed {
            spent = Duration::ZERO;
        }
    }
    Ok((extents, spent))
}

fn text_of(row: usize) -> [u8; 40] {
    let mut text = *b"/usr/share/some/where/number 0000 is it.";
    for (at, shift) in (29..33).zip([12, 8, 4, 0]) {
        text[at] = b'a' + (row >> shift & 15) as u8;
    }
    text
}

fn measure(name: &str, extents: &[Extent], codec: Codec) -> Result<(), Error> {
    let compression = Compression::new(&[codec]).expect("the codec can be written");
    let size: usize =
        extents.iter().map(|extent| extent.fixed().len() + extent.pool().unwrap().len()).sum();
    let fixed: usize = extents.iter().map(|extent| extent.fixed().len()).sum();
    let speed = |size: usize, time: Duration| size as f64 / 1e6 / time.as_secs_f64();

    let copies = extents.to_vec();
    let start = Instant::now();
    let stored: Vec<_> = copies
        .into_iter()
        .map(|extent| Packed::from(extent).compress(&compression))
        .collect::<Result<_, _>>()?;
    let pack = speed(size, start.elapsed());
    let packed: usize = stored.iter().map(|stored| stored.bytes().len()).sum();

    let mut extent = Extent::empty(extents[0].extent_type());
    let mut unpack = |parts, checks: &Checks| {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            for stored in &stored {
                stored.unpack_into(&mut extent, parts, checks)?;
                black_box(extent.fixed());
            }
            best = best.min(start.elapsed());
        }
        Ok(best)
    };
    let all = speed(size, unpack(Parts::All, &Checks::ALL)?);
    let unchecked = speed(size, unpack(Parts::All, &Checks::NONE)?);
    let only_fixed = speed(fixed, unpack(Parts::Fixed, &Checks::ALL)?);
    println!(
        "{name:>9}: to {:4.1} %, pack {pack:6.0} MB/s, unpack {all:6.0} MB/s, unchecked \
         {unchecked:6.0} MB/s, fixed part alone {only_fixed:6.0} MB/s",
        100.0 * packed as f64 / size as f64
    );
    Ok(())
}
