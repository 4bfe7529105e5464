//! How the families make calls.

/// A call, whatever comes of it: `call!(SYS_read, fd, room.as_mut_ptr(), 10)`.
macro_rules! call {
    ($number:ident $(, $word:expr)* $(,)?) => {
        $crate::families::raw(libc::$number, &[$($word as usize),*])
    };
}

/// A call that succeeds; what it returns.
macro_rules! works {
    ($($call:tt)*) => {
        call!($($call)*).unwrap_or_else(|errno| {
            let error = std::io::Error::from_raw_os_error(errno);
            panic!("line {}: {}: {error}", line!(), stringify!($($call)*))
        })
    };
}

/// A call that fails with a certain error.
macro_rules! fails {
    ($errno:ident, $($call:tt)*) => {
        assert_eq!(call!($($call)*), Err(libc::$errno), "{}", stringify!($($call)*))
    };
}
