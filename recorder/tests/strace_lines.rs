//! Calls printed as strace would, in all its manners, and read back: the columns have the values again.

#[path = "../fuzz/src/bodies.rs"]
#[allow(dead_code, reason = "the corpus' test needs the rest")]
mod bodies;

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use recorder::event::{Batch, Event};
use recorder::strace::events;
use replay_schema::{Observed, Value};

/// A call, and what came of it.
#[derive(Clone, Debug)]
enum Made {
    Open {
        directory: i32,
        path: Vec<u8>,
        flags: Vec<usize>,
        mode: u32,
        returned: Result<i32, usize>,
    },
    Read {
        descriptor: i32,
        data: Vec<u8>,
        room: u16,
        offset: i64,
    },
    Write {
        descriptor: i32,
        data: Vec<u8>,
    },
    Look {
        inode: u64,
        mode: u32,
        size: i64,
    },
    Gather {
        buffers: Vec<Vec<u8>>,
    },
    Select {
        set: Vec<u8>,
        ready: Vec<u8>,
        time: Option<(u32, u32)>,
    },
    Poll {
        descriptors: Vec<(i32, i16)>,
        ready: Vec<bool>,
    },
}

/// How strace prints.
#[derive(Clone, Copy, Debug)]
struct Manner {
    escapes: u8,
    has_paths: bool,
    has_comments: bool,
    is_raw: bool,
    is_old: bool,
    is_split: bool,
    prefix: u8,
    has_duration: bool,
}

const FLAGS: [(&str, i32); 6] = [
    ("O_WRONLY", libc::O_WRONLY),
    ("O_CREAT", libc::O_CREAT),
    ("O_APPEND", libc::O_APPEND),
    ("O_CLOEXEC", libc::O_CLOEXEC),
    ("0x20000000", 0x2000_0000),
    ("O_DIRECTORY", libc::O_DIRECTORY),
];

const ERRORS: [(&str, i32); 3] =
    [("ENOENT", libc::ENOENT), ("EACCES", libc::EACCES), ("ENAMETOOLONG", libc::ENAMETOOLONG)];

fn made() -> impl Strategy<Value = Made> {
    let path = vec(1..=255u8, 0..40);
    let data = || vec(any::<u8>(), 0..60);
    let returned = prop_oneof![(0..1000).prop_map(Ok), (0..ERRORS.len()).prop_map(Err)];
    let bits = || proptest::collection::btree_set(0..64u8, 0..5);
    let bits = || bits().prop_map(|set| set.into_iter().collect::<Vec<_>>());
    prop_oneof![
        (
            prop_oneof![Just(libc::AT_FDCWD), 0..100],
            path,
            vec(0..FLAGS.len(), 0..4),
            0..0o10000u32,
            returned
        )
            .prop_map(|(directory, path, mut flags, mode, returned)| {
                flags.sort_unstable();
                flags.dedup();
                Made::Open { directory, path, flags, mode, returned }
            }),
        (0..100, data(), any::<u16>(), any::<i64>()).prop_map(
            |(descriptor, data, more, offset)| {
                let room = (data.len() as u16).saturating_add(more % 1000);
                Made::Read { descriptor, data, room, offset }
            }
        ),
        (0..100, data()).prop_map(|(descriptor, data)| Made::Write { descriptor, data }),
        (any::<u64>(), 0..0o10000u32, 0..i64::MAX).prop_map(|(inode, mode, size)| Made::Look {
            inode,
            mode,
            size
        }),
        vec(data(), 0..4).prop_map(|buffers| Made::Gather { buffers }),
        (bits(), bits(), proptest::option::of((any::<u32>(), 0..1_000_000u32)))
            .prop_map(|(set, ready, time)| Made::Select { set, ready, time }),
        vec((-1..50, any::<i16>()), 1..5).prop_flat_map(|descriptors| {
            let count = descriptors.len();
            vec(any::<bool>(), count)
                .prop_map(move |ready| Made::Poll { descriptors: descriptors.clone(), ready })
        }),
    ]
}

fn manner() -> impl Strategy<Value = Manner> {
    (0..3u8, any::<[bool; 6]>(), 0..6u8).prop_map(|(escapes, flags, prefix)| {
        let [has_paths, has_comments, is_raw, is_old, is_split, has_duration] = flags;
        Manner { escapes, has_paths, has_comments, is_raw, is_old, is_split, prefix, has_duration }
    })
}

impl Manner {
    /// A string in quotes.
    fn text(self, bytes: &[u8]) -> String {
        let mut text = String::from("\"");
        for (number, byte) in bytes.iter().enumerate() {
            let is_digit_next = bytes.get(number + 1).is_some_and(u8::is_ascii_digit);
            let _ = match byte {
                _ if self.escapes == 2 => write!(text, "\\x{byte:02x}"),
                b'"' => write!(text, "\\\""),
                b'\\' => write!(text, "\\\\"),
                b'\n' => write!(text, "\\n"),
                b'\t' => write!(text, "\\t"),
                b' '..=b'~' => write!(text, "{}", *byte as char),
                _ if self.escapes == 1 => write!(text, "\\x{byte:02x}"),
                _ if is_digit_next => write!(text, "\\{byte:03o}"),
                _ => write!(text, "\\{byte:o}"),
            };
        }
        text + "\""
    }

    fn descriptor(self, number: i32) -> String {
        match (number, self.has_paths) {
            (libc::AT_FDCWD, true) if !self.is_raw => "AT_FDCWD</a b<c>>".to_owned(),
            (libc::AT_FDCWD, _) if !self.is_raw => "AT_FDCWD".to_owned(),
            (_, true) => format!("{number}<socket:[5]>"),
            _ => number.to_string(),
        }
    }

    fn structure(self, members: &[(&str, String)]) -> String {
        let named = members.iter().map(|(name, value)| match self.is_old {
            true => value.clone(),
            false => format!("{name}={value}"),
        });
        format!("{{{}}}", named.collect::<Vec<_>>().join(", "))
    }

    fn comment(self) -> &'static str {
        if self.has_comments { " /* (}\"] */" } else { "" }
    }
}

/// Numbers with spaces between them, as sets have.
fn set(bits: &[u8]) -> String {
    let bits: Vec<_> = bits.iter().map(u8::to_string).collect();
    format!("[{}]", bits.join(" "))
}

fn print_arguments(made: &Made, manner: Manner) -> (String, String) {
    match made {
        Made::Open { directory, path, flags, mode, returned } => {
            let value = flags.iter().fold(0, |all, flag| all | FLAGS[*flag].1);
            let names: Vec<_> = flags.iter().map(|flag| FLAGS[*flag].0).collect();
            let printed = match (manner.is_raw, names.is_empty()) {
                (false, false) => names.join("|"),
                _ => format!("{value:#x}"),
            };
            let arguments = format!(
                "openat({}, {}, {printed}{}, 0{mode:03o})",
                manner.descriptor(*directory),
                manner.text(path),
                manner.comment()
            );
            let result = match returned {
                Ok(descriptor) => manner.descriptor(*descriptor),
                Err(error) => format!("-1 {} (It says (so))", ERRORS[*error].0),
            };
            (arguments, result)
        }
        Made::Read { descriptor, data, room, offset } => (
            format!(
                "pread64({}, {}, {room}{}, {offset})",
                manner.descriptor(*descriptor),
                manner.text(data),
                manner.comment()
            ),
            data.len().to_string(),
        ),
        Made::Write { descriptor, data } => {
            let (descriptor, text) = (manner.descriptor(*descriptor), manner.text(data));
            (format!("write({descriptor}, {text}, {})", data.len()), data.len().to_string())
        }
        Made::Look { inode, mode, size } => (
            format!(
                "fstat(3, {{st_dev=makedev(0x8, 0x1), st_ino={inode}, st_mode=S_IFREG|0{mode:o}, \
                 st_nlink=1, st_uid=0, st_gid=0, st_blksize=4096, st_blocks=8, st_size={size}, \
                 st_atime=1{}, st_atime_nsec=2, st_mtime=3, st_mtime_nsec=4, st_ctime=5, \
                 st_ctime_nsec=6}})",
                manner.comment()
            ),
            "0".to_owned(),
        ),
        Made::Gather { buffers } => {
            let vectors = buffers.iter().map(|buffer| {
                let (text, length) = (manner.text(buffer), buffer.len().to_string());
                manner.structure(&[("iov_base", text), ("iov_len", length)])
            });
            let total: usize = buffers.iter().map(Vec::len).sum();
            let vectors = vectors.collect::<Vec<_>>().join(", ");
            (format!("writev(4, [{vectors}], {})", buffers.len()), total.to_string())
        }
        Made::Select { set: bits, ready, time } => {
            let time = time.map_or("NULL".to_owned(), |(seconds, rest)| {
                let members = [("tv_sec", seconds.to_string()), ("tv_usec", rest.to_string())];
                manner.structure(&members)
            });
            let result = match ready[..] {
                [] => "0 (Timeout)".to_owned(),
                _ => format!("{} (in {})", ready.len(), set(ready)),
            };
            (format!("select(64, {}, NULL, NULL, {time})", set(bits)), result)
        }
        Made::Poll { descriptors, ready } => {
            let list = descriptors.iter().map(|(descriptor, events)| {
                format!("{{fd={descriptor}, events={:#x}}}", *events as u16)
            });
            let found = descriptors.iter().zip(ready).filter(|(_, ready)| **ready);
            let found: Vec<_> =
                found.map(|((fd, _), _)| format!("{{fd={fd}, revents=POLLIN|POLLHUP}}")).collect();
            let result = match found[..] {
                [] => "0 (Timeout)".to_owned(),
                _ => format!("{} ([{}])", found.len(), found.join(", ")),
            };
            let list = list.collect::<Vec<_>>().join(", ");
            (format!("poll([{list}], {}, -1)", descriptors.len()), result)
        }
    }
}

/// The lines of a call.
fn print(made: &Made, manner: Manner) -> String {
    let prefix = match manner.prefix {
        0 => "",
        1 => "77 ",
        2 => "[pid    77] ",
        3 => "77 1700000000.000001 ",
        4 => "12:00:01.000001 ",
        _ => "77      0.000001 ",
    };
    let (arguments, result) = print_arguments(made, manner);
    let duration = if manner.has_duration { " <0.000123>" } else { "" };
    let open = arguments.find('(').expect("there is one") + 1;
    let name = &arguments[..open - 1];
    match manner.is_split {
        true => format!(
            "{prefix}{} <unfinished ...>\n{prefix}<... {name} resumed>{}      = {result}{duration}\n",
            &arguments[..open],
            &arguments[open..]
        ),
        false => format!("{prefix}{arguments}      = {result}{duration}\n"),
    }
}

/// A column's name, and its bytes or number.
type Column = (String, Option<Vec<u8>>, Option<i64>);

/// The values of the columns of the only call in `batches`, by name; those of the rows that follow it behind.
fn values(batches: &[Batch]) -> Vec<Vec<Column>> {
    let [batch] = batches else { panic!("there is one batch") };
    let calls = batch.events.iter().filter_map(|event| match event {
        Event::Call(call) => Some(call),
        _ => None,
    });
    let [call] = calls.collect::<Vec<_>>()[..] else { panic!("there is one call") };
    let declared = &bodies::plans().plan(call.plan).call;
    let memory: Vec<_> =
        batch.blobs[call.blobs.clone()].iter().map(|b| batch.memory(b).0).collect();
    let (arguments, returned) = (call.arguments, call.returned);
    let observed = Observed { arguments, returned, memory: &memory, element: None };
    let row = |observed: &Observed<'_>| {
        let columns = declared.columns.iter().map(|column| {
            let (bytes, number) = match observed.value(column) {
                Value::Null => (None, None),
                Value::Bytes(bytes) => (Some(bytes.to_vec()), None),
                Value::Number(number) => (None, Some(number)),
            };
            (column.name.trim_start_matches('_').to_owned(), bytes, number)
        });
        columns.collect::<Vec<_>>()
    };
    let mut rows = vec![row(&observed)];
    if let replay_schema::RowRule::HeadFirst { fetch, .. } = declared.rows
        && let Some(items) = memory[fetch]
    {
        let elements = declared.elements(fetch, items);
        rows.extend(elements.map(|item| row(&Observed { element: Some(item), ..observed })));
    }
    rows
}

fn bytes<'r>(row: &'r [Column], name: &str) -> Option<&'r [u8]> {
    row.iter().find(|(column, ..)| column == name).and_then(|(_, bytes, _)| bytes.as_deref())
}

fn number(row: &[Column], name: &str) -> Option<i64> {
    row.iter().find(|(column, ..)| column == name).and_then(|(.., number)| *number)
}

fn bits(bits: &[u8]) -> i64 {
    bits.iter().fold(0u64, |set, bit| set | 1 << bit) as i64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(made in made(), manner in manner()) {
        let text = print(&made, manner);
        let (batches, counts, malformed) = events(text.as_bytes(), bodies::plans());
        prop_assert_eq!((counts.calls, malformed), (1, 0), "{}", text);
        let rows = values(&batches);
        let row = &rows[0];
        match &made {
            Made::Open { directory, path, flags, mode, .. } => {
                let value = flags.iter().fold(0, |all, flag| all | FLAGS[*flag].1);
                let path = [&path[..], b"\0"].concat();
                prop_assert_eq!(bytes(row, "given_pathname"), Some(&path[..]), "{}", text);
                prop_assert_eq!(number(row, "descriptor").map(|fd| fd as i32), Some(*directory));
                prop_assert_eq!(number(row, "flags"), Some(value.into()), "{}", text);
                prop_assert_eq!(number(row, "mode"), Some((*mode).into()), "{}", text);
            }
            Made::Read { data, room, offset, .. } => {
                prop_assert_eq!(bytes(row, "data_read"), Some(&data[..]), "{}", text);
                prop_assert_eq!(number(row, "bytes_requested"), Some((*room).into()));
                prop_assert_eq!(number(row, "offset"), Some(*offset));
            }
            Made::Write { data, .. } => {
                prop_assert_eq!(bytes(row, "data_written"), Some(&data[..]), "{}", text);
            }
            Made::Look { inode, mode, size } => {
                prop_assert_eq!(number(row, "inode"), Some(*inode as i64), "{}", text);
                prop_assert_eq!(number(row, "mode"), Some((0o100_000 | mode).into()), "{}", text);
                prop_assert_eq!(number(row, "size"), Some(*size));
            }
            Made::Gather { buffers } => {
                let read: Vec<_> = rows[1..].iter().map(|row| bytes(row, "iov_data_written")).collect();
                let expected: Vec<_> = buffers.iter().map(|buffer| Some(&buffer[..])).collect();
                prop_assert_eq!(read, expected, "{}", text);
            }
            Made::Select { set, ready, .. } => {
                prop_assert_eq!(number(row, "read_set"), Some(bits(set)), "{}", text);
                prop_assert_eq!(number(row, "ready_read_set"), Some(bits(ready)), "{}", text);
            }
            Made::Poll { descriptors, ready } => {
                let mut expected = Vec::new();
                for ((descriptor, events), ready) in descriptors.iter().zip(ready) {
                    expected.extend(descriptor.to_ne_bytes());
                    expected.extend(events.to_ne_bytes());
                    let found = if *ready { libc::POLLIN | libc::POLLHUP } else { 0 };
                    expected.extend(found.to_ne_bytes());
                }
                // One descriptor may be there more than once: strace names it, not its place.
                let mut numbers: Vec<_> = descriptors.iter().map(|(fd, _)| fd).collect();
                numbers.sort_unstable();
                numbers.dedup();
                if numbers.len() == descriptors.len() {
                    prop_assert_eq!(bytes(row, "poll_descriptors"), Some(&expected[..]), "{}", text);
                }
            }
        }
    }
}
