//! How loud samples are, in whichever format they are.

use oz_core::wire::audio::Levels;

use super::g711;
use crate::wire::sample::Format;

/// The loudest of these, in thousandths of the loudest that there is: 0 is silence. Bytes behind the last whole sample do
/// not count.
#[must_use]
pub fn peak(format: Format, samples: &[u8]) -> u16 {
    let loudest = match format {
        Format::U8 => of(samples, |[byte]| top([0, 0, 0, byte ^ 0x80])),
        Format::Alaw => of(samples, |[byte]| g711::alaw_decode(byte) << 16),
        Format::Ulaw => of(samples, |[byte]| g711::ulaw_decode(byte) << 16),
        Format::S16Le => of(samples, |[a, b]| top([0, 0, a, b])),
        Format::S16Be => of(samples, |[b, a]| top([0, 0, a, b])),
        Format::S24Le => of(samples, |[a, b, c]| top([0, a, b, c])),
        Format::S24Be => of(samples, |[c, b, a]| top([0, a, b, c])),
        Format::S32Le => of(samples, i32::from_le_bytes),
        Format::S32Be => of(samples, i32::from_be_bytes),
        // The highest byte means nothing.
        Format::S24In32Le => of(samples, |[a, b, c, _]| top([0, a, b, c])),
        Format::S24In32Be => of(samples, |[_, c, b, a]| top([0, a, b, c])),
        Format::F32Le => of(samples, |bytes| part(f32::from_le_bytes(bytes))),
        Format::F32Be => of(samples, |bytes| part(f32::from_be_bytes(bytes))),
    };
    // To the nearest: the loudest sample above zero is a little less than the loudest below.
    let thousandths = (u64::from(loudest) * u64::from(Levels::FULL) + (1 << 30)) >> 31;
    u16::try_from(thousandths).unwrap_or(Levels::FULL)
}

/// The largest magnitude; `value` is a sample's as a part of 2³¹.
fn of<const SIZE: usize>(samples: &[u8], value: impl Fn([u8; SIZE]) -> i32) -> u32 {
    let samples = samples.as_chunks::<SIZE>().0.iter();
    let loud = samples.map(|sample| value(*sample).unsigned_abs());
    loud.max().unwrap_or(0)
}

/// The lowest byte first.
fn top(bytes: [u8; 4]) -> i32 {
    i32::from_le_bytes(bytes)
}

/// What is no number is silence, and what is beyond the loudest is the loudest.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it ends at the largest and the least number"
)]
fn part(sample: f32) -> i32 {
    (sample * 2_147_483_648.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_loudest_in_every_format() {
        let half = [
            (Format::U8, vec![0x80, 0xc0]),
            (Format::S16Le, (-16_384_i16).to_le_bytes().to_vec()),
            (Format::S16Be, 16_384_i16.to_be_bytes().to_vec()),
            (Format::S24Le, vec![0, 0, 0, 0, 0, 0x40]),
            (Format::S24Be, vec![0x40, 0, 0]),
            (Format::S32Le, (i32::MIN / 2).to_le_bytes().to_vec()),
            (Format::S32Be, 0x4000_0000_i32.to_be_bytes().to_vec()),
            (Format::S24In32Le, vec![0, 0, 0x40, 0x7f]),
            (Format::S24In32Be, vec![0x7f, 0x40, 0, 0]),
            (Format::F32Le, (-0.5_f32).to_le_bytes().to_vec()),
            (Format::F32Be, 0.5_f32.to_be_bytes().to_vec()),
        ];
        for (format, samples) in half {
            assert_eq!(peak(format, &samples), 500, "{format:?}");
        }
        let law = [(Format::Alaw, 0xaa ^ 0x10), (Format::Ulaw, 0x90)];
        for (format, sample) in law {
            let about = peak(format, &[format.silence(), sample]);
            assert!((450..550).contains(&about), "{format:?}: {about}");
        }
    }

    #[test]
    fn silence_is_nothing_and_nonsense_is_in_the_range() {
        for format in (0..13).filter_map(Format::from_number) {
            assert_eq!(peak(format, &[format.silence(); 48]), 0, "{format:?}");
            assert_eq!(peak(format, &[]), 0);
            for byte in 0..=255 {
                assert!(peak(format, &[byte; 24]) <= Levels::FULL, "{format:?}");
            }
        }
        for odd in [f32::NAN, f32::INFINITY, -f32::INFINITY, 1e30, -1.0] {
            let loud = peak(Format::F32Le, &odd.to_le_bytes());
            assert_eq!(loud, if odd.is_nan() { 0 } else { Levels::FULL });
        }
        // Not a whole sample.
        assert_eq!(peak(Format::S16Le, &[0, 0, 0xff]), 0);
    }
}
