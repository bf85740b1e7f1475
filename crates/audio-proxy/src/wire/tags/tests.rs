use proptest::prelude::*;

use super::*;

/// One value of each kind.
fn everything() -> Vec<u8> {
    let mut props = Props::default();
    props.put("media.name", b"tone\0");
    let mut out = Out::command(3, 7);
    out.u8(9)
        .bool(true)
        .bool(false)
        .i64(-5)
        .usec(6)
        .time((7, 8))
        .string(Some(b"name"))
        .string(None)
        .blob(&[1, 2, 3])
        .spec(RawSpec {
            format: 3,
            channels: 2,
            rate: 44_100,
        })
        .map(&ChannelMap::numbered(2))
        .volumes(&Volumes::normal(32))
        .volume(5)
        .props(&props)
        .format(&FormatInfo {
            encoding: FormatInfo::PCM,
            props: Props::default(),
        });
    out.0
}

/// Reads one value of each kind.
fn read(data: &[u8]) -> Result<(), Malformed> {
    let mut tags = Tags::new(data);
    assert_eq!((tags.u32()?, tags.u32()?, tags.u8()?), (3, 7, 9));
    assert_eq!((tags.bool()?, tags.bool()?, tags.i64()?), (true, false, -5));
    assert_eq!((tags.usec()?, tags.time()?), (6, (7, 8)));
    assert_eq!(tags.string()?, Some(&b"name"[..]));
    assert_eq!(tags.string()?, None);
    assert_eq!(tags.blob()?, [1, 2, 3]);
    assert_eq!(tags.spec()?.rate, 44_100);
    assert_eq!(tags.map()?, ChannelMap::numbered(2));
    assert_eq!(tags.volumes()?, Volumes::normal(32));
    assert_eq!(tags.volume()?, 5);
    assert_eq!(tags.props(|_| true)?.text("media.name"), Some("tone"));
    assert_eq!(tags.format()?.encoding, FormatInfo::PCM);
    tags.end()
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(read(&everything()), Ok(()));
}

#[test]
fn a_packet_that_ends_anywhere_else_is_malformed() {
    let whole = everything();
    for length in 0..whole.len() {
        assert_eq!(read(&whole[..length]), Err(Malformed), "{length} bytes");
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert_eq!(read(&longer), Err(Malformed));
}

#[test]
fn lengths_that_promise_too_much_are_malformed() {
    let huge = [b"x".as_slice(), &u32::MAX.to_be_bytes(), b"abc"].concat();
    assert_eq!(Tags::new(&huge).blob(), Err(Malformed));
    assert_eq!(Tags::new(b"m\x21").map(), Err(Malformed));
    assert_eq!(Tags::new(b"v\x21").volumes(), Err(Malformed));
    assert_eq!(Tags::new(b"v\xff\0\0\0\0").volumes(), Err(Malformed));
    assert_eq!(Tags::new(b"tabc").string(), Err(Malformed));
}

#[test]
fn a_property_whose_two_lengths_differ_is_malformed() {
    let mut out = Out::default();
    out.raw(b"P")
        .string(Some(b"media.name"))
        .u32(4)
        .blob(b"abc");
    out.string(None);
    assert_eq!(Tags::new(&out.0).props(|_| true), Err(Malformed));
}

#[test]
fn properties_that_are_not_wanted_are_not_kept() {
    let mut props = Props::default();
    props.put("media.icon", &[7; 4096]);
    props.put("media.name", b"x\0");
    let mut out = Out::default();
    out.props(&props);
    let read = Tags::new(&out.0).props(|key| key == "media.name").unwrap();
    assert_eq!(read.iter().count(), 1);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(data: Vec<u8>, start in 0usize..16) {
        let data = data.get(start..).unwrap_or_default();
        let _ = Tags::new(data).u32();
        let _ = Tags::new(data).string();
        let _ = Tags::new(data).blob();
        let _ = Tags::new(data).map();
        let _ = Tags::new(data).volumes();
        let _ = Tags::new(data).props(|_| true);
        let _ = Tags::new(data).format();
        let _ = read_any(data);
    }

    #[test]
    fn values_survive(number: u32, wide: i64, text in "[^\0]{0,64}", blob: Vec<u8>) {
        let mut out = Out::default();
        out.u32(number).i64(wide).string(Some(text.as_bytes())).blob(&blob);
        let mut tags = Tags::new(&out.0);
        prop_assert_eq!(tags.u32(), Ok(number));
        prop_assert_eq!(tags.i64(), Ok(wide));
        prop_assert_eq!(tags.string(), Ok(Some(text.as_bytes())));
        prop_assert_eq!(tags.blob(), Ok(blob.as_slice()));
        prop_assert_eq!(tags.end(), Ok(()));
    }
}

/// Reads whatever comes next, until something is wrong.
fn read_any(data: &[u8]) -> Result<(), Malformed> {
    let mut tags = Tags::new(data);
    while !tags.is_empty() {
        let at = tags.position();
        match data[at] {
            b'L' => drop(tags.u32()?),
            b'B' => drop(tags.u8()?),
            b'r' => drop(tags.i64()?),
            b'U' => drop(tags.usec()?),
            b'T' => drop(tags.time()?),
            b'x' => drop(tags.blob()?),
            b'a' => drop(tags.spec()?),
            b'm' => drop(tags.map()?),
            b'v' => drop(tags.volumes()?),
            b'V' => drop(tags.volume()?),
            b'P' => drop(tags.props(|_| true)?),
            b'f' => drop(tags.format()?),
            b'0' | b'1' => drop(tags.bool()?),
            _ => drop(tags.string()?),
        }
        assert!(tags.position() > at, "a value takes at least its tag");
    }
    Ok(())
}
