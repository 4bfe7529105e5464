//! pwritev2(2): write from several buffers, at an offset or the file's own, in a way that flags say.

use sdk::direct::{self, Data};
use sdk::prelude::*;
use sdk::stream::{Direction, transfer, transfer_nothing};

/// A head row (`iov_number` = −1), then a row per buffer. An offset of −1 is the file's own.
#[derive(Record)]
#[record(syscall = "pwritev2", blocks, keeps_offset, changes = descriptors)]
struct Pwritev2<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[arg(3)]
    offset: Option<i64>,
    #[arg(5)]
    #[bits(bits::READ_WRITE)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, count = 2, before)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_written: Option<&'t [u8]>,
}

impl<'t> Replay<'t> for Pwritev2<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let descriptor = self.descriptor.ok_or(Skip::MALFORMED)?;
        let fd = process.fd(descriptor)?;
        let streamed = process.streamed(descriptor);
        let vectors = process.input_vectors(1, &self.buffers)?;
        // What can be taken without a wait is a matter of the moment: the replay waits.
        let flags = self.flags_value.unwrap_or(0) & !libc::RWF_NOWAIT;
        let offset = self.offset.unwrap_or(-1);
        let recorded = process.recorded();
        let call = |done| {
            let rest = vectors.after(done);
            let (fd, vectors) = (fd as isize as usize, rest.as_ptr() as usize);
            // The offset's upper half is none where a word holds all of it.
            let words = [fd, vectors, rest.len(), offset as usize, 0, flags as usize];
            // SAFETY: the vectors name bytes of this record.
            unsafe { direct::write(libc::SYS_pwritev2, words, Data::Vectors, recorded) }
        };
        Ok(match streamed {
            Some(total) => transfer(fd, Direction::Write, total, call),
            None => transfer_nothing(fd, Direction::Write, recorded, call),
        })
    }
}

export_plugin!(Pwritev2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn pwritev2<'t>(offset: i64, flags: i32, buffers: &[&'t [u8]]) -> Pwritev2<'t> {
        let buffer =
            |data: &&'t [u8]| Buffer { bytes_requested: 100, iov_data_written: Some(data) };
        Pwritev2 {
            descriptor: Some(Fd(3)),
            count: Some(buffers.len() as i32),
            offset: Some(offset),
            flags_value: Some(flags),
            bytes_requested: 0,
            buffers: Rows::of(buffers.iter().map(buffer).collect()),
        }
    }

    #[test]
    fn only_an_offset_of_minus_one_is_the_files_own() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(4, 0).replay(&pwritev2(6, 0, &[b"ab", b"cde"])).returns(4);
        assert_eq!(stage.offset(3), 0);
        stage.recorded(1, 0).replay(&pwritev2(-1, 0, &[b"x"])).returns(1);
        assert_eq!(stage.offset(3), 1);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"x12345abcd");
    }

    #[test]
    fn appends_if_told_to() {
        let mut stage = Stage::with_file(3, b"0123");
        stage.recorded(2, 0).replay(&pwritev2(0, libc::RWF_APPEND, &[b"ab"])).returns(2);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0123ab");
    }

    #[test]
    fn without_all_of_its_data_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(6, 0).replay(&pwritev2(0, 0, &[b"ab"])).is_not_made();
    }
}
