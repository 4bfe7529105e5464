//! The records of one extent on their way into a file (FORMAT.md §11.1).

use std::sync::Arc;

use crate::bytes::round_up;
use crate::checksum;
use crate::compress::Compression;
use crate::error::Error;
use crate::error::Fault;
use crate::error::Place;
use crate::extent::Extent;
use crate::extent_type::ExtentType;
use crate::header::ByteOrder;
use crate::pack::null_compact;
use crate::pool;
use crate::pool::BadPool;
use crate::pool::POOL_START;
use crate::prefix::MAX_STORED_PART;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::stored::StoredExtent;

/// Room for prefix, type name and padding, in bytes.
const FRAME_SIZE: usize = 300;

/// The finished records of an extent, which nothing changes any more. They can be sent to another
/// thread to be [compressed](Packed::compress) there.
#[derive(Debug)]
pub struct Packed {
    ty: Arc<ExtentType>,
    rows: usize,
    /// Records and strings in host order.
    fixed: Vec<u8>,
    pool: Vec<u8>,
}

impl Default for Packed {
    /// No records.
    fn default() -> Packed {
        Packed {
            ty: Arc::clone(ExtentType::index_type()),
            rows: 0,
            fixed: Vec::new(),
            pool: vec![0; POOL_START],
        }
    }
}

impl From<Extent> for Packed {
    /// What was unpacked, as it was: also values under nulls and the order of the strings.
    ///
    /// # Panics
    /// Only the fixed part was unpacked.
    fn from(extent: Extent) -> Packed {
        let (ty, rows, fixed, pool) = extent.into_parts();
        Packed { ty, rows, fixed, pool }
    }
}

impl Packed {
    /// The type of the records.
    pub fn extent_type(&self) -> &Arc<ExtentType> {
        &self.ty
    }

    /// Number of records.
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// Bytes that the buffers have room for.
    pub fn capacity(&self) -> usize {
        self.fixed.capacity() + self.pool.capacity()
    }

    /// Bytes of the records and their strings, unpacked.
    pub fn byte_count(&self) -> usize {
        self.fixed.len() + self.pool.len()
    }

    /// Whether both hold the same bytes of the same type.
    pub(crate) fn is_same(&self, other: &Packed) -> bool {
        self.ty == other.ty
            && (self.rows, &self.fixed, &self.pool) == (other.rows, &other.fixed, &other.pool)
    }

    /// Takes these records and their strings, and leaves empty buffers in their place.
    pub(crate) fn exchange(
        &mut self,
        ty: &Arc<ExtentType>,
        rows: usize,
        fixed: &mut Vec<u8>,
        pool: &mut Vec<u8>,
    ) {
        self.ty = Arc::clone(ty);
        self.rows = rows;
        std::mem::swap(&mut self.fixed, fixed);
        std::mem::swap(&mut self.pool, pool);
        fixed.clear();
        pool.clear();
        pool.extend_from_slice(&[0; POOL_START]);
    }

    /// Packs the records for a file in little-endian order, which is what we write. Afterwards
    /// there are no records here, but the buffers can be used again
    /// ([`take_into`](crate::ExtentBuilder::take_into)).
    ///
    /// # Errors
    /// A part is larger than the format allows, or the records come from an extent that was
    /// unpacked without checks and is damaged.
    pub fn compress(&mut self, compression: &Compression) -> Result<StoredExtent, Error> {
        self.compress_in(ByteOrder::Little, compression)
    }

    /// Like [`compress`](Packed::compress), for a file in either order.
    ///
    /// # Errors
    /// As [`compress`](Packed::compress).
    pub fn compress_in(
        &mut self,
        order: ByteOrder,
        compression: &Compression,
    ) -> Result<StoredExtent, Error> {
        self.compress_into(order, compression, Vec::new())
    }

    fn compress_into(
        &mut self,
        order: ByteOrder,
        compression: &Compression,
        buffer: Vec<u8>,
    ) -> Result<StoredExtent, Error> {
        let hash = self.arrange(order).and_then(|()| {
            checksum::unpacked(&self.fixed, &self.pool, order).map_err(Unstorable::from)
        });
        self.seal(order, compression, hash, buffer)
    }

    /// [Compresses](Packed::compress) several extents: each is as it would be alone. The hashes over
    /// their bytes are made side by side, which takes a third of the time that it takes to make one
    /// after the other. They are packed into the buffers of `spare`, as far as these go
    /// ([`into_bytes`](StoredExtent::into_bytes) gives them back).
    ///
    /// # Errors
    /// As [`compress`](Packed::compress), for each.
    pub fn compress_each(
        extents: &mut [Packed],
        compression: &Compression,
        spare: &mut Vec<Vec<u8>>,
    ) -> Vec<Result<StoredExtent, Error>> {
        let order = ByteOrder::Little;
        if let [extent] = extents {
            let buffer = spare.pop().unwrap_or_default();
            return vec![extent.compress_into(order, compression, buffer)];
        }
        let lengths: Vec<Result<Vec<u8>, Unstorable>> = extents
            .iter_mut()
            .map(|extent| {
                extent.arrange(order)?;
                Ok(checksum::lengths(&extent.pool, order)?)
            })
            .collect();
        let subjects = extents.iter().zip(&lengths).filter_map(|(extent, lengths)| {
            let (fixed, variable) = (&extent.fixed, &extent.pool);
            Some(checksum::Subject { fixed, variable, lengths: lengths.as_ref().ok()? })
        });
        let hashes = checksum::unpacked_each(&subjects.collect::<Vec<_>>());
        let mut hashes = hashes.into_iter();
        let hashes = lengths.into_iter().map(|lengths| {
            lengths.map(|_| hashes.next().expect("each that has lengths has a hash"))
        });
        let sealed = extents.iter_mut().zip(hashes);
        let seal = |(extent, hash): (&mut Packed, _)| {
            extent.seal(order, compression, hash, spare.pop().unwrap_or_default())
        };
        sealed.map(seal).collect()
    }

    /// Brings the records into the form and order in which the file has them, and are hashed.
    fn arrange(&mut self, order: ByteOrder) -> Result<(), Unstorable> {
        let (ty, record_size) = (&*self.ty, self.ty.record_size());
        ty.transforms().apply(&mut self.fixed, record_size);
        if order != ByteOrder::HOST {
            ty.transforms().swap(&mut self.fixed, record_size);
            pool::swap_lengths(&mut self.pool, ByteOrder::HOST)?;
        }
        Ok(())
    }

    /// Compresses what was arranged into `buffer`, and leaves the extent's own buffers empty.
    fn seal(
        &mut self,
        order: ByteOrder,
        compression: &Compression,
        hash: Result<u32, Unstorable>,
        buffer: Vec<u8>,
    ) -> Result<StoredExtent, Error> {
        let place = Place {
            file: Arc::from("new extent"),
            offset: 0,
            extent_type: Some(Arc::clone(self.ty.shared_name())),
        };
        let stored = hash.and_then(|hash| self.store(order, compression, hash, buffer));
        let stored = stored.map_err(|fault| match fault {
            Unstorable::Damaged(fault) => Error::Corrupt { place: place.clone(), fault },
            Unstorable::TooLarge(reason) => Error::Unwritable {
                place: place.clone(),
                extent_type: self.ty.name().to_owned(),
                reason: reason.to_owned(),
            },
        });
        self.rows = 0;
        self.fixed.clear();
        self.pool.truncate(POOL_START);
        let (bytes, prefix) = stored?;
        Ok(StoredExtent::new(bytes, prefix, order, Arc::clone(&self.ty), place))
    }

    fn store(
        &self,
        order: ByteOrder,
        compression: &Compression,
        hash: u32,
        mut bytes: Vec<u8>,
    ) -> Result<(Vec<u8>, Prefix), Unstorable> {
        let mut prefix = Prefix { bjhash: hash, ..self.prefix()? };
        let ty = &*self.ty;
        bytes.clear();
        bytes.reserve(self.fixed.len() + self.pool.len() + FRAME_SIZE);
        bytes.resize(PREFIX_SIZE, 0);
        bytes.extend_from_slice(ty.name().as_bytes());
        pad(&mut bytes);

        let start = bytes.len();
        if !self.fixed.is_empty() {
            let mut compacted = Vec::new();
            let records = match ty.null_compact() {
                true => {
                    null_compact::compact(ty, &self.fixed, &mut compacted);
                    &compacted
                }
                false => &self.fixed,
            };
            prefix.fixed_code = compression.append_fixed(records, &mut bytes).code();
        }
        prefix.stored_fixed = (bytes.len() - start) as u32;
        pad(&mut bytes);

        let start = bytes.len();
        let strings = &self.pool[POOL_START..];
        if !strings.is_empty() {
            prefix.variable_code = compression.append_variable(strings, &mut bytes).code();
        }
        prefix.stored_variable = (bytes.len() - start) as u32;
        pad(&mut bytes);

        if prefix.stored_fixed.max(prefix.stored_variable) >= MAX_STORED_PART {
            return Err(Unstorable::TooLarge("a stored part takes 512 MiB"));
        }
        bytes[..PREFIX_SIZE].copy_from_slice(&prefix.encode(order));
        prefix.adler = checksum::adler(&bytes);
        bytes[..PREFIX_SIZE].copy_from_slice(&prefix.encode(order));
        Ok((bytes, prefix))
    }

    /// The prefix as far as it is known before anything is packed.
    fn prefix(&self) -> Result<Prefix, Unstorable> {
        let in_range = |n: usize, reason| {
            i32::try_from(n).map(|n| n as u32).or(Err(Unstorable::TooLarge(reason)))
        };
        in_range(self.fixed.len(), "its records take 2 GiB")?;
        Ok(Prefix {
            stored_fixed: 0,
            stored_variable: 0,
            records: in_range(self.rows, "it has too many records")?,
            variable_size: in_range(self.pool.len(), "its strings take 2 GiB")?,
            adler: 0,
            bjhash: 0,
            fixed_code: 0,
            variable_code: 0,
            name_len: self.ty.name().len() as u8,
        })
    }
}

/// Why records cannot be stored.
enum Unstorable {
    TooLarge(&'static str),
    Damaged(Fault),
}

impl From<BadPool> for Unstorable {
    fn from(fault: BadPool) -> Unstorable {
        Unstorable::Damaged(fault.into())
    }
}

/// Adds zeros up to a multiple of 4 bytes.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(round_up(bytes.len(), 4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::ExtentBuilder;

    #[test]
    fn extents_are_the_same_alone_and_together() {
        let ty = ExtentType::parse(
            "<ExtentType name='t'>
               <field type='int64' name='n' pack_relative='n' />
               <field type='variable32' name='s' opt_nullable='yes' />
             </ExtentType>",
        );
        let ty = Arc::new(ty.expect("it is well-formed"));
        let [n, s] = ["n", "s"].map(|name| ty.column(name).expect("it has that").clone());
        let extent = |rows: usize| {
            let mut builder = ExtentBuilder::new(ty.clone(), usize::MAX).expect("it can be packed");
            for row in 0..rows {
                builder.new_row();
                builder.set_int64(&n, row as i64 * 7);
                builder.set_bytes(&s, &vec![b'x'; row % 50]).expect("it is short");
            }
            builder.take()
        };
        let compression = Compression::default();
        for count in [0, 1, 2, 7, 8, 19] {
            let rows = |number: usize| (number * number * 31) % 2000;
            let mut together: Vec<_> = (0..count).map(|number| extent(rows(number))).collect();
            let mut spare = vec![vec![b'y'; 9000]; 2];
            let stored = Packed::compress_each(&mut together, &compression, &mut spare);
            assert_eq!(stored.len(), count);
            for (number, stored) in stored.into_iter().enumerate() {
                let alone = extent(rows(number)).compress(&compression).expect("it is small");
                assert_eq!(stored.expect("it is small").bytes(), alone.bytes(), "{number}");
                assert_eq!(together[number].row_count(), 0, "its buffers can be used again");
            }
        }
    }
}
