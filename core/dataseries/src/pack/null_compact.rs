//! Records without the values of null fields (`pack_null_compact`, FORMAT.md §12).

use crate::bytes::round_up;
use crate::extent_type::ExtentType;

/// Appends the compact form of `records` to `stream`, which starts empty.
pub(crate) fn compact(ty: &ExtentType, records: &[u8], stream: &mut Vec<u8>) {
    let bool_bytes = ty.layout().bool_bytes as usize;
    for record in records.chunks_exact(ty.record_size()) {
        stream.extend_from_slice(&record[..bool_bytes]);
        for field in &ty.transforms().compactable {
            if field.null.is_some_and(|null| null.is_set(record)) {
                continue;
            }
            stream.resize(round_up(stream.len(), field.alignment), 0);
            stream.extend_from_slice(&record[field.offset..field.offset + field.size]);
        }
    }
}

/// Fills `records`, all zero, from their compact form.
///
/// # Errors
/// A phrase that says how the stream does not fit the number of records.
pub(crate) fn expand(
    ty: &ExtentType,
    stream: &[u8],
    records: &mut [u8],
) -> Result<(), &'static str> {
    const SHORT: &str = "end too early";
    let bool_bytes = ty.layout().bool_bytes as usize;
    let mut at = 0;
    let mut take = |alignment: usize, into: &mut [u8]| {
        let start = round_up(at, alignment);
        at = start + into.len();
        into.copy_from_slice(stream.get(start..at).ok_or(SHORT)?);
        Ok(())
    };
    for record in records.chunks_exact_mut(ty.record_size()) {
        take(1, &mut record[..bool_bytes])?;
        for field in &ty.transforms().compactable {
            if !field.null.is_some_and(|null| null.is_set(record)) {
                take(field.alignment, &mut record[field.offset..field.offset + field.size])?;
            }
        }
    }
    match at == stream.len() {
        true => Ok(()),
        false => Err("are followed by more bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four records of the worked example, expanded.
    fn example() -> (ExtentType, Vec<u8>, Vec<u8>) {
        let ty = ExtentType::parse(
            "<ExtentType name='nc' pack_null_compact='non_bool'>
               <field type='bool' name='b'/>
               <field type='byte' name='y' opt_nullable='yes'/>
               <field type='int32' name='i' opt_nullable='yes' pack_relative='i'/>
               <field type='int64' name='q' opt_nullable='yes'/>
               <field type='variable32' name='s' opt_nullable='yes' pack_unique='yes'/>
             </ExtentType>",
        )
        .unwrap();
        let mut records = vec![0; 4 * 24];
        records[..24].copy_from_slice(&[
            1, 65, 0, 0, 0xe8, 3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff,
        ]);
        records[24] = 0x1e;
        records[48] = 0x0b;
        records[52] = 3;
        records[56] = 4;
        records[72..74].copy_from_slice(&[4, 66]);
        records[88] = 5;
        let stream = [
            &records[..24],
            &[0x1e],
            &[0x0b, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0],
            &[4, 66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        (ty, records, stream)
    }

    #[test]
    fn compacts_the_worked_example() {
        let (ty, records, expected) = example();
        assert_eq!(ty.record_size(), 24);
        let mut stream = Vec::new();
        compact(&ty, &records, &mut stream);
        assert_eq!(stream, expected);
        assert_eq!(stream.len(), 56);
    }

    #[test]
    fn expands_the_worked_example_and_nothing_else() {
        let (ty, expected, mut stream) = example();
        let mut records = vec![0; expected.len()];
        expand(&ty, &stream, &mut records).unwrap();
        assert_eq!(records, expected);

        stream.push(0);
        assert!(expand(&ty, &stream, &mut vec![0; expected.len()]).is_err());
        for end in 0..56 {
            assert!(expand(&ty, &stream[..end], &mut vec![0; expected.len()]).is_err());
        }
    }
}
