//! Columns, their sources and conditions.

use abi::{List, Place};
use abi::{compare, condition, display, kind, place, role, source};

use super::{DeclarationError, dangling, name, text};
use crate::call::{Bit, Column, Condition, Display, Kind, Op, Role, Source, Touch};

/// `count` is the number of fetches that may be pointed to.
pub(super) fn check_place(place: Place, count: usize, of: &str) -> Result<(), DeclarationError> {
    match place.kind {
        place::NONE | place::CONSTANT | place::RETURN | place::ERRNO | place::RETURN_TIMES => {
            Ok(())
        }
        place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES if place.index < 6 => Ok(()),
        place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES => {
            Err(dangling("argument", place.index.into(), 6, of))
        }
        place::MEMORY | place::ELEMENT if ![1, 2, 4, 8].contains(&place.width) => {
            Err(DeclarationError::Unknown {
                what: "width",
                number: place.width.into(),
                of: of.to_owned(),
            })
        }
        place::ELEMENT => Ok(()),
        place::MEMORY | place::LENGTH if usize::from(place.index) < count => Ok(()),
        place::MEMORY | place::LENGTH => Err(dangling("fetch", place.index.into(), count, of)),
        number => Err(DeclarationError::Unknown {
            what: "place",
            number: number.into(),
            of: of.to_owned(),
        }),
    }
}

pub(super) fn read_condition(
    condition: abi::Condition,
    fetches: usize,
    of: &str,
) -> Result<Condition, DeclarationError> {
    check_place(condition.place, fetches, of)?;
    if condition.op > condition::NEVER {
        let (what, number) = ("condition", condition.op);
        return Err(DeclarationError::Unknown { what, number, of: of.to_owned() });
    }
    Ok(Condition(condition))
}

fn read_sources(
    sources: &[abi::Source],
    fetches: usize,
    of: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<Source>, DeclarationError> {
    let mut read = Vec::new();
    for source in sources {
        let op = match source.op {
            source::NONE => continue,
            source::NUMBER => Op::Number,
            source::EQUAL => Op::Equal,
            source::ANY => Op::Any,
            source::BYTES => Op::Bytes,
            source::TIMESPEC => Op::Timespec,
            source::TIMEVAL => Op::Timeval,
            source::SECONDS => Op::Seconds,
            source::ELEMENT_NUMBER => Op::ElementNumber,
            source::ELEMENT_LENGTH => Op::ElementLength,
            source::ELEMENT_BYTES => Op::ElementBytes,
            source::ELEMENT_ADDRESS => Op::ElementAddress,
            source::BESIDE => Op::Beside,
            number => {
                warnings.push(format!(
                    "{of} needs op {number}, which this recorder is too old for: it is not recorded"
                ));
                continue;
            }
        };
        if matches!(op, Op::Bytes | Op::Beside) && source.value >= fetches as u64 {
            return Err(dangling("fetch", source.value, fetches, of));
        }
        check_place(source.place, fetches, of)?;
        let when = read_condition(source.when, fetches, of)?;
        let abi::Source { place, mask, value, .. } = *source;
        read.push(Source { op, place, mask, value, when: [when, Condition::ALWAYS] });
    }
    Ok(read)
}

/// The column, and the boolean columns that its bits make.
pub(super) fn read_column(
    column: &abi::Column,
    fetches: usize,
    extent: &str,
    warnings: &mut Vec<String>,
) -> Result<(Column, Vec<Column>), DeclarationError> {
    let name = name(column.name, "a column")?;
    let of = format!("column {name} of {extent}");
    let unknown = |what, number| DeclarationError::Unknown { what, number, of: of.clone() };
    let kind = match column.kind {
        kind::BOOL => Kind::Bool,
        kind::BYTE => Kind::Byte,
        kind::INT32 => Kind::Int32,
        kind::INT64 => Kind::Int64,
        kind::DOUBLE => Kind::Double,
        kind::VARIABLE32 => Kind::Variable32,
        number => return Err(unknown("type", number)),
    };
    let role = match column.role {
        role::NONE => Role::None,
        role::DESCRIPTOR => Role::Descriptor,
        role::NEW_DESCRIPTOR => Role::NewDescriptor,
        role::CLOSED_DESCRIPTOR => Role::ClosedDescriptor,
        role::PATH => Role::Path,
        role::TASK => Role::Task,
        role::SHARES => Role::Shares,
        role::TARGET => Role::Target,
        role::PAYLOAD => Role::Payload,
        role::ENVIRONMENT => Role::Environment,
        role::MADE_PATH | role::REMOVED_PATH => Role::Path,
        role::SOURCE => Role::Descriptor,
        role::OWNER => Role::Owner,
        number => return Err(unknown("role", number)),
    };
    let touch = match column.role {
        role::MADE_PATH => Touch::Makes,
        role::REMOVED_PATH => Touch::Removes,
        role::SOURCE => Touch::Looks,
        _ => Touch::Call,
    };
    let display = match column.display {
        display::OCTAL => Display::Octal,
        display::HEX => Display::Hex,
        display::FLAGS => Display::Flags,
        display::NAMES => Display::Names,
        display::DESCRIPTOR => Display::Descriptor,
        display::PATH => Display::Path,
        display::TIME => Display::Time,
        // How a value is shown is never worth refusing a plugin for.
        _ => Display::Plain,
    };
    let mut sources = |list: List<abi::Source>| {
        // SAFETY: the list is the plugin's own, which stays loaded.
        read_sources(unsafe { list.items() }, fetches, &of, warnings)
    };
    let (sources, elements) = (sources(column.sources)?, sources(column.elements)?);
    let compared = match column.compare {
        compare::NONE => None,
        compare::EQUAL => Some(read_condition(column.compare_when, fetches, &of)?),
        number => return Err(unknown("comparison", number)),
    };
    let (mut bits, mut columns) = (Vec::new(), Vec::new());
    // SAFETY: the list is the plugin's own, which stays loaded.
    for bit in unsafe { column.bits.items() } {
        let when = read_condition(bit.when, fetches, &of)?;
        let (mask, value) = (bit.mask, bit.value);
        bits.push(Bit { name: text(bit.name, "a bit")?, mask, value, when });
        let column = text(bit.column, "a bit's column")?;
        if !column.is_empty() {
            let sources = sources.iter().filter(|source| source.op == Op::Number);
            let sources = sources.map(|source| Source {
                op: Op::Equal,
                mask,
                value,
                when: [source.when[0], when],
                ..*source
            });
            columns.push(Column {
                name: column,
                kind: Kind::Bool,
                nullable: false,
                added: false,
                role: Role::None,
                touch: Touch::Call,
                sources: sources.collect(),
                elements: Vec::new(),
                compared: None,
                display: Display::Plain,
                bits: Vec::new(),
            });
        }
    }
    let nullable = column.nullable != 0;
    let added = column.added != 0;
    let column = Column {
        name,
        kind,
        nullable,
        added,
        role,
        touch,
        sources,
        elements,
        compared,
        display,
        bits,
    };
    Ok((column, columns))
}
