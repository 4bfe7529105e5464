//! An extent as it is in the file, and how it is unpacked (FORMAT.md §4, §11.2).

use std::sync::Arc;

use crate::bytes::array;
use crate::bytes::set_len;
use crate::checks::Checks;
use crate::checksum;
use crate::compress;
use crate::compress::Codec;
use crate::compress::Size;
use crate::error::Checksum;
use crate::error::Error;
use crate::error::Fault;
use crate::error::Part;
use crate::error::Place;
use crate::extent::Extent;
use crate::extent_type::ExtentType;
use crate::header::ByteOrder;
use crate::pack::null_compact;
use crate::pool;
use crate::pool::POOL_START;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;

/// Rows that an extent of a type without fields may have: they take no bytes, so that nothing else bounds them.
const MOST_EMPTY_ROWS: u32 = 1 << 20;

/// What to unpack of an extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parts {
    /// Only the records. The strings are not even decompressed, and the hash over both parts
    /// cannot be checked.
    Fixed,
    /// Records and strings.
    #[default]
    All,
}

/// The bytes of one extent as they are in a file: whole, but still packed.
#[derive(Debug, Clone)]
pub struct StoredExtent {
    bytes: Vec<u8>,
    prefix: Prefix,
    order: ByteOrder,
    ty: Arc<ExtentType>,
    file: Arc<str>,
    offset: u64,
}

impl StoredExtent {
    /// Joins what a reader or a packer has put together; `bytes` begin with `prefix`.
    pub(crate) fn new(
        bytes: Vec<u8>,
        prefix: Prefix,
        order: ByteOrder,
        ty: Arc<ExtentType>,
        place: Place,
    ) -> StoredExtent {
        debug_assert_eq!(bytes.len(), prefix.stored_len());
        StoredExtent { bytes, prefix, order, ty, file: place.file, offset: place.offset }
    }

    /// What the first 28 bytes say.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The extent's type.
    pub fn extent_type(&self) -> &Arc<ExtentType> {
        &self.ty
    }

    /// Number of records.
    pub fn record_count(&self) -> usize {
        self.prefix.records as usize
    }

    /// The byte order that the numbers in the bytes have.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// Where the extent is in its file; 0 if it is not in one yet.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// All bytes, padding included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the buffer back, to read another extent into.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The codec of a part, `None` if the part is empty or its code means nothing.
    pub fn codec(&self, part: Part) -> Option<Codec> {
        let (code, size) = match part {
            Part::Fixed => (self.prefix.fixed_code, self.fixed_size()),
            Part::Variable => (self.prefix.variable_code, self.variable_size()),
        };
        Codec::from_code(code).filter(|_| size > 0)
    }

    /// Unpacked size of the records, in bytes.
    pub fn fixed_size(&self) -> u64 {
        self.prefix.records as u64 * self.ty.record_size() as u64
    }

    /// Unpacked size of the strings without the zero word that comes before them.
    fn variable_size(&self) -> u64 {
        self.prefix.variable_size as u64 - POOL_START as u64
    }

    pub(crate) fn place(&self) -> Place {
        let extent_type = Some(Arc::clone(self.ty.shared_name()));
        Place { file: Arc::clone(&self.file), offset: self.offset, extent_type }
    }

    fn corrupt(&self, fault: Fault) -> Error {
        Error::Corrupt { place: self.place(), fault }
    }

    /// Unpacks into a new [`Extent`].
    ///
    /// # Errors
    /// The bytes contradict each other, the prefix or the type, a checksum does not fit, or a
    /// part is over the limit.
    pub fn unpack(&self, parts: Parts, checks: &Checks) -> Result<Extent, Error> {
        let mut extent = Extent::empty(&self.ty);
        self.unpack_into(&mut extent, parts, checks)?;
        Ok(extent)
    }

    /// Unpacks into an [`Extent`] whose buffers are used again; its old content is lost, also
    /// when unpacking fails.
    ///
    /// # Errors
    /// As [`unpack`](StoredExtent::unpack).
    pub fn unpack_into(
        &self,
        extent: &mut Extent,
        parts: Parts,
        checks: &Checks,
    ) -> Result<(), Error> {
        self.decompress_into(extent, parts, checks)?;
        let hash = match parts == Parts::All && checks.bjhash {
            true => {
                let (fixed, pool) = extent.fixed_and_pool();
                let hash = checksum::unpacked(fixed, pool, self.order);
                Some(hash.map_err(|fault| self.corrupt(fault.into()))?)
            }
            false => None,
        };
        self.finish(extent, parts, checks, hash)
    }

    /// Unpacks several extents, each as [`unpack_into`](StoredExtent::unpack_into) does. Checking
    /// the hashes of eight or more takes a third of the time that it takes for one after the other.
    ///
    /// What comes of each is in the order of `jobs`.
    pub fn unpack_each(
        jobs: &mut [(&StoredExtent, &mut Extent, Parts)],
        checks: &Checks,
    ) -> Vec<Result<(), Error>> {
        let mut decompressed: Vec<Result<Option<Vec<u8>>, Error>> = Vec::new();
        for (stored, extent, parts) in jobs.iter_mut() {
            let done = stored.decompress_into(extent, *parts, checks);
            decompressed.push(match *parts == Parts::All && checks.bjhash {
                // While the strings are still in the processor's cache.
                true => done.and_then(|()| {
                    let lengths = checksum::lengths(extent.fixed_and_pool().1, stored.order);
                    lengths.map(Some).map_err(|fault| stored.corrupt(fault.into()))
                }),
                false => done.map(|()| None),
            });
        }
        let mut hashes = hash_each(jobs, &decompressed).into_iter();
        let mut results = Vec::new();
        for ((stored, extent, parts), decompressed) in jobs.iter_mut().zip(decompressed) {
            results.push(decompressed.and_then(|lengths| {
                let hash = lengths.and_then(|_| hashes.next());
                stored.finish(extent, *parts, checks, hash)
            }));
        }
        results
    }

    /// Fills the buffers of `extent` with the parts as they were before they were compressed.
    fn decompress_into(
        &self,
        extent: &mut Extent,
        parts: Parts,
        checks: &Checks,
    ) -> Result<(), Error> {
        extent.reset(&self.ty, self.offset);
        if let Some(what) = self.ty.unpackable() {
            return Err(Error::Unsupported { place: self.place(), what });
        }
        let count = self.prefix.records;
        if self.ty.record_size() == 0 && count > MOST_EMPTY_ROWS {
            return Err(self.corrupt(Fault::EmptyRows { count, limit: MOST_EMPTY_ROWS }));
        }
        self.decompress_fixed(extent, checks)?;
        if parts == Parts::All {
            self.decompress_variable(extent.pool_mut(), checks)?;
        }
        Ok(())
    }

    /// Makes rows of what was decompressed, whose hash is `hash`.
    fn finish(
        &self,
        extent: &mut Extent,
        parts: Parts,
        checks: &Checks,
        hash: Option<u32>,
    ) -> Result<(), Error> {
        if let Some(computed) = hash {
            same(Checksum::Bjhash, self.prefix.bjhash, computed, || self.place())?;
        }
        self.to_host_order(extent, parts)?;
        if parts == Parts::All && checks.offsets {
            self.check_offsets(extent)?;
        }
        let record_size = self.ty.record_size();
        self.ty.transforms().undo(extent.fixed_mut(), record_size);
        extent.filled(self.record_count(), parts == Parts::All, checks.offsets);
        Ok(())
    }

    fn decompress_fixed(&self, extent: &mut Extent, checks: &Checks) -> Result<(), Error> {
        let size = self.within_limit(Part::Fixed, self.fixed_size(), checks)?;
        let stored = &self.bytes[self.prefix.fixed_start()..][..self.prefix.stored_fixed as usize];
        if size == 0 {
            extent.fixed_mut().clear();
            return Ok(());
        }
        let code = self.prefix.fixed_code;
        if !self.ty.null_compact() {
            let fixed = extent.fixed_mut();
            return self.decompress(Part::Fixed, code, stored, Size::Exactly(size), 0, fixed);
        }
        let (fixed, stream) = extent.fixed_and_scratch();
        self.decompress(Part::Fixed, code, stored, Size::AtMost(size), 0, stream)?;
        // Every record has its bool bytes in the stream, so the stream bounds their number.
        let bool_bytes = self.ty.layout().bool_bytes as usize;
        if stream.len() / bool_bytes < self.record_count() {
            return Err(self.corrupt(Fault::NullCompact("end too early")));
        }
        fixed.clear();
        set_len(fixed, size);
        null_compact::expand(&self.ty, stream, fixed)
            .map_err(|reason| self.corrupt(Fault::NullCompact(reason)))
    }

    fn decompress_variable(&self, pool: &mut Vec<u8>, checks: &Checks) -> Result<(), Error> {
        let size = self.within_limit(Part::Variable, self.variable_size(), checks)?;
        // The zero word at the beginning is not among the stored bytes.
        set_len(pool, if size == 0 { POOL_START } else { pool.len().max(POOL_START) });
        pool[..POOL_START].fill(0);
        if size > 0 {
            let start = self.prefix.variable_start();
            let stored = &self.bytes[start..][..self.prefix.stored_variable as usize];
            let (code, size) = (self.prefix.variable_code, Size::Exactly(size));
            self.decompress(Part::Variable, code, stored, size, POOL_START, pool)?;
        }
        Ok(())
    }

    fn within_limit(&self, part: Part, size: u64, checks: &Checks) -> Result<usize, Error> {
        let limit = checks.part_limit.min(i32::MAX as u64);
        if size > limit {
            return Err(Error::OverLimit { place: self.place(), part, size, limit });
        }
        Ok(size as usize)
    }

    fn decompress(
        &self,
        part: Part,
        code: u8,
        stored: &[u8],
        size: Size,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let codec = Codec::from_code(code)
            .ok_or_else(|| self.corrupt(Fault::UnknownCode { part, code }))?;
        compress::decompress(codec, stored, size, start, out)
            .map_err(|source| self.corrupt(Fault::Codec { part, codec, source }))
    }

    /// Brings both parts into the host's order; the hash is made over bytes in file order.
    fn to_host_order(&self, extent: &mut Extent, parts: Parts) -> Result<(), Error> {
        if self.order == ByteOrder::HOST {
            return Ok(());
        }
        if parts == Parts::All {
            let (_, pool) = extent.fixed_and_pool();
            pool::swap_lengths(pool, self.order).map_err(|fault| self.corrupt(fault.into()))?;
        }
        self.ty.transforms().swap(extent.fixed_mut(), self.ty.record_size());
        Ok(())
    }

    fn check_offsets(&self, extent: &mut Extent) -> Result<(), Error> {
        let strings = &self.ty.transforms().strings;
        if strings.is_empty() {
            return Ok(());
        }
        let (fixed, pool) = extent.fixed_and_pool();
        for (record, bytes) in fixed.chunks_exact(self.ty.record_size()).enumerate() {
            for string in strings {
                let offset = u32::from_ne_bytes(array(bytes, string.offset as usize));
                if let Err(reason) = pool::check_offset(pool, offset) {
                    let field = self.ty.columns()[string.index].name.clone();
                    return Err(self.corrupt(Fault::StringOffset {
                        record,
                        field,
                        offset,
                        reason,
                    }));
                }
            }
        }
        Ok(())
    }
}

/// The hashes of the extents whose length words are there, in their order.
fn hash_each(
    jobs: &mut [(&StoredExtent, &mut Extent, Parts)],
    decompressed: &[Result<Option<Vec<u8>>, Error>],
) -> Vec<u32> {
    let subjects = jobs.iter_mut().zip(decompressed).filter_map(|((_, extent, _), lengths)| {
        let lengths = lengths.as_ref().ok()?.as_deref()?;
        let (fixed, pool) = extent.fixed_and_pool();
        Some(checksum::Subject { fixed, variable: pool, lengths })
    });
    checksum::unpacked_each(&subjects.collect::<Vec<_>>())
}

fn same(
    checksum: Checksum,
    stored: u32,
    computed: u32,
    place: impl FnOnce() -> Place,
) -> Result<(), Error> {
    match stored == computed {
        true => Ok(()),
        false => Err(Error::Checksum { place: place(), checksum, stored, computed }),
    }
}

/// Whether stored bytes have the checksum that their prefix says.
pub(crate) fn check_adler(
    extent: &[u8],
    prefix: &Prefix,
    place: impl FnOnce() -> Place,
) -> Result<(), Error> {
    same(Checksum::Adler, prefix.adler, checksum::adler(extent), place)
}

/// The name that follows a prefix; the bytes are as long as the prefix says.
pub(crate) fn type_name<'a>(extent: &'a [u8], prefix: &Prefix) -> &'a [u8] {
    &extent[PREFIX_SIZE..PREFIX_SIZE + prefix.name_len as usize]
}
