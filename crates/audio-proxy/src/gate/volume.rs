//! Makes samples quieter, in whichever format they are.
//!
//! The volume of a sandbox is applied to the samples, not to the volume of the host's stream: that one
//! belongs to the app and to the user's mixer, and the host remembers it for the next time.

use super::g711;
use crate::wire::sample::Format;

/// Scales samples in place: 0 is silence, 100 changes nothing. Bytes behind the last whole
/// sample stay as they are.
pub fn scale(format: Format, samples: &mut [u8], percent: u8) {
    if percent >= 100 {
        return;
    }
    if percent == 0 {
        samples.fill(format.silence());
        return;
    }
    match format {
        Format::U8 => {
            for byte in samples {
                let signed = i32::from(*byte) - 0x80;
                *byte = (part(signed.into(), percent) + 0x80).to_le_bytes()[0];
            }
        }
        Format::Alaw => law(samples, percent, g711::alaw_decode, g711::alaw_encode),
        Format::Ulaw => law(samples, percent, g711::ulaw_decode, g711::ulaw_encode),
        Format::F32Le => {
            let factor = f32::from(percent) / 100.0;
            for sample in samples.as_chunks_mut::<4>().0 {
                *sample = (f32::from_le_bytes(*sample) * factor).to_le_bytes();
            }
        }
        Format::F32Be => {
            let factor = f32::from(percent) / 100.0;
            for sample in samples.as_chunks_mut::<4>().0 {
                *sample = (f32::from_be_bytes(*sample) * factor).to_be_bytes();
            }
        }
        Format::S16Le => {
            for sample in samples.as_chunks_mut::<2>().0 {
                integer(sample, percent);
            }
        }
        Format::S16Be => {
            for sample in samples.as_chunks_mut::<2>().0 {
                sample.reverse();
                integer(sample, percent);
                sample.reverse();
            }
        }
        Format::S24Le => {
            for sample in samples.as_chunks_mut::<3>().0 {
                integer(sample, percent);
            }
        }
        Format::S24Be => {
            for sample in samples.as_chunks_mut::<3>().0 {
                sample.reverse();
                integer(sample, percent);
                sample.reverse();
            }
        }
        Format::S32Le => {
            for sample in samples.as_chunks_mut::<4>().0 {
                integer(sample, percent);
            }
        }
        Format::S32Be => {
            for sample in samples.as_chunks_mut::<4>().0 {
                sample.reverse();
                integer(sample, percent);
                sample.reverse();
            }
        }
        // The highest byte means nothing.
        Format::S24In32Le => {
            for [low, middle, high, _] in samples.as_chunks_mut::<4>().0 {
                let mut sample = [*low, *middle, *high];
                integer(&mut sample, percent);
                [*low, *middle, *high] = sample;
            }
        }
        Format::S24In32Be => {
            for [_, high, middle, low] in samples.as_chunks_mut::<4>().0 {
                let mut sample = [*low, *middle, *high];
                integer(&mut sample, percent);
                [*low, *middle, *high] = sample;
            }
        }
    }
}

fn part(value: i64, percent: u8) -> i64 {
    value * i64::from(percent) / 100
}

fn law(samples: &mut [u8], percent: u8, decode: fn(u8) -> i32, encode: fn(i32) -> u8) {
    // There are only 256 different samples.
    let mut table = [0; 256];
    for (byte, entry) in (0..=255).zip(&mut table) {
        let value = i64::from(decode(byte)) * i64::from(percent) / 100;
        *entry = encode(i32::try_from(value).unwrap_or(0));
    }
    for byte in samples {
        *byte = table[usize::from(*byte)];
    }
}

/// Scales a signed number, lowest byte first.
fn integer<const SIZE: usize>(sample: &mut [u8; SIZE], percent: u8) {
    let negative = sample[SIZE - 1] & 0x80 != 0;
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..SIZE].copy_from_slice(sample);
    let scaled = part(i64::from_le_bytes(wide), percent).to_le_bytes();
    sample.copy_from_slice(&scaled[..SIZE]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(format: Format, samples: &[u8]) -> Vec<u8> {
        let mut samples = samples.to_vec();
        scale(format, &mut samples, 50);
        samples
    }

    #[test]
    fn half_of_every_format() {
        assert_eq!(half(Format::U8, &[0x80, 0x00, 0xff]), [0x80, 0x40, 0xbf]);
        assert_eq!(
            half(Format::S16Le, &(-1000i16).to_le_bytes()),
            (-500i16).to_le_bytes()
        );
        assert_eq!(
            half(Format::S16Be, &1000i16.to_be_bytes()),
            500i16.to_be_bytes()
        );
        assert_eq!(
            half(Format::S32Le, &i32::MIN.to_le_bytes()),
            (i32::MIN / 2).to_le_bytes()
        );
        assert_eq!(
            half(Format::S32Be, &80i32.to_be_bytes()),
            40i32.to_be_bytes()
        );
        assert_eq!(
            half(Format::F32Le, &0.5f32.to_le_bytes()),
            0.25f32.to_le_bytes()
        );
        assert_eq!(
            half(Format::F32Be, &(-0.5f32).to_be_bytes()),
            (-0.25f32).to_be_bytes()
        );
        // -256 and its half, -128, in 24 bits.
        assert_eq!(half(Format::S24Le, &[0x00, 0xff, 0xff]), [0x80, 0xff, 0xff]);
        assert_eq!(half(Format::S24Be, &[0xff, 0xff, 0x00]), [0xff, 0xff, 0x80]);
        assert_eq!(
            half(Format::S24In32Le, &[0x00, 0xff, 0xff, 7]),
            [0x80, 0xff, 0xff, 7]
        );
        assert_eq!(
            half(Format::S24In32Be, &[7, 0xff, 0xff, 0x00]),
            [7, 0xff, 0xff, 0x80]
        );
        assert_eq!(half(Format::Ulaw, &[0xff]), [0xff]);
        let loud = g711::alaw_encode(20_000);
        let quiet = g711::alaw_decode(half(Format::Alaw, &[loud])[0]);
        assert!((9_500..10_500).contains(&quiet), "{quiet}");
    }

    #[test]
    fn nothing_is_silence_and_all_is_unchanged() {
        for format in (0..13).filter_map(Format::from_number) {
            let mut samples: Vec<u8> = (0..24).collect();
            scale(format, &mut samples, 100);
            assert_eq!(samples, (0..24).collect::<Vec<u8>>());
            scale(format, &mut samples, 0);
            assert_eq!(samples, [format.silence(); 24]);
            let before = samples.clone();
            scale(format, &mut samples, 37);
            // A-law has no zero: its silence is the smallest step.
            assert_eq!(samples, before, "{format:?}");
        }
    }
}
