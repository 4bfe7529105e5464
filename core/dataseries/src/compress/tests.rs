use super::*;

fn sample() -> Vec<u8> {
    (0..5000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect()
}

fn decompress(
    codec: Codec,
    stored: &[u8],
    size: Size,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    super::decompress(codec, stored, size, 0, out)
}

fn stored(codec: Codec, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(Compression::new(&[codec]).unwrap().append_fixed(plain, &mut out), codec);
    out
}

/// All that make a part smaller.
const WRITABLE: [Codec; 7] =
    [Codec::Lzo, Codec::Zlib, Codec::Bz2, Codec::Lzf, Codec::Snappy, Codec::Lz4, Codec::Lz4hc];

#[test]
fn every_codec_gives_back_what_it_got() {
    let plain = sample();
    for codec in WRITABLE {
        let stored = stored(codec, &plain);
        assert!(stored.len() < plain.len());
        let mut out = vec![9; 17];
        decompress(codec, &stored, Size::Exactly(plain.len()), &mut out).unwrap();
        assert_eq!(out, plain, "{codec}");
    }
}

#[test]
fn bytes_before_the_start_stay() {
    let plain = sample();
    for codec in WRITABLE {
        let stored = stored(codec, &plain);
        let mut out = b"1234+ lost".to_vec();
        super::decompress(codec, &stored, Size::Exactly(plain.len()), 4, &mut out).unwrap();
        assert_eq!((&out[..4], &out[4..]), (&b"1234"[..], &plain[..]), "{codec}");
    }
}

#[test]
fn another_size_than_claimed_is_refused() {
    let plain = sample();
    let mut out = Vec::new();
    for codec in WRITABLE {
        let stored = stored(codec, &plain);
        for size in [plain.len() - 1, plain.len() + 1, 0, 1] {
            let result = decompress(codec, &stored, Size::Exactly(size), &mut out);
            assert!(result.is_err(), "{codec} {size}");
        }
        let at_most = Size::AtMost(plain.len() + 100);
        decompress(codec, &stored, at_most, &mut out).unwrap();
        assert_eq!(out, plain);
    }
    assert!(decompress(Codec::None, &plain, Size::AtMost(10), &mut out).is_err());
}

#[test]
fn an_absurd_claim_allocates_nothing() {
    for codec in Codec::ALL {
        let mut out = Vec::new();
        let result = decompress(codec, &[0; 10], Size::Exactly(1 << 30), &mut out);
        assert!(result.is_err(), "{codec}");
        assert!(out.capacity() < 1 << 20, "{codec}");
    }
}

#[test]
fn cut_and_flipped_streams_never_panic() {
    let plain = sample();
    let mut out = Vec::new();
    for codec in WRITABLE {
        let stored = stored(codec, &plain);
        for end in (0..stored.len()).step_by(stored.len() / 50 + 1) {
            let result = decompress(codec, &stored[..end], Size::Exactly(plain.len()), &mut out);
            assert!(result.is_err(), "{codec} cut at {end}");
        }
        for at in (0..stored.len()).step_by(stored.len() / 200 + 1) {
            let mut flipped = stored.clone();
            flipped[at] ^= 0x55;
            let _ = decompress(codec, &flipped, Size::Exactly(plain.len()), &mut out);
        }
    }
}

#[test]
fn bytes_after_a_stream_are_refused() {
    for codec in [Codec::Zlib, Codec::Bz2] {
        let plain = sample();
        let mut stored = stored(codec, &plain);
        stored.push(0);
        let result = decompress(codec, &stored, Size::Exactly(plain.len()), &mut Vec::new());
        assert_eq!(result, Err(CodecError::Trailing), "{codec}");
    }
}

#[test]
fn lzo_decodes_the_worked_example() {
    let stored = [0x13, 4, 0, 0xa1, 0, 0x28, 0xdd, 0, 0x1c, 0xdd, 0, 0x58, 0xdc, 0, 0x11, 0, 0];
    let mut out = Vec::new();
    decompress(Codec::Lzo, &stored, Size::Exactly(32), &mut out).unwrap();
    let mut expected = [0; 32];
    [expected[0], expected[8], expected[16], expected[24]] = [4, 40, 28, 88];
    assert_eq!(out, expected);
}

#[test]
fn the_smallest_result_wins_and_nothing_grows() {
    let plain = sample();
    let smallest = WRITABLE.into_iter().min_by_key(|&codec| stored(codec, &plain).len()).unwrap();
    let compression = Compression::new(&Codec::ALL).unwrap();
    let mut out = b"before".to_vec();
    assert_eq!(compression.append_fixed(&plain, &mut out), smallest);
    assert_eq!(&out[..6], b"before");
    assert_eq!(&out[6..], stored(smallest, &plain));

    let mut out = Vec::new();
    assert_eq!(compression.append_variable(b"abc", &mut out), Codec::None);
    assert_eq!(out, b"abc");
    assert_eq!(Compression::none().append_variable(&plain, &mut Vec::new()), Codec::None);
}

#[test]
fn codecs_have_names_and_codes() {
    for (code, codec) in Codec::ALL.into_iter().enumerate() {
        assert_eq!(Codec::from_code(code as u8), Some(codec));
        assert_eq!(codec.name().parse(), Ok(codec));
    }
    assert_eq!(Codec::from_code(8), None);
    assert_eq!("gz".parse(), Ok(Codec::Zlib));
    assert!("zip".parse::<Codec>().is_err());
}
