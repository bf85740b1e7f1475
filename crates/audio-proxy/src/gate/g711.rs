//! The two laws of ITU-T G.711, in steps of a linear sample of 16 bits.

/// What µ-law adds before it looks for the segment.
const BIAS: i32 = 0x84;
const CLIP: i32 = 32_635;

pub(super) fn ulaw_decode(byte: u8) -> i32 {
    let byte = !byte;
    let segment = (byte >> 4) & 7;
    let mantissa = i32::from(byte & 0xf);
    let magnitude = (((mantissa << 3) + BIAS) << segment) - BIAS;
    if byte & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

pub(super) fn ulaw_encode(sample: i32) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.abs().min(CLIP) + BIAS;
    // The bias makes bit 7 the lowest that can be the highest.
    let segment = (24 - magnitude.leading_zeros()).min(7);
    !(sign | low(segment.cast_signed()) << 4 | (low(magnitude >> (segment + 3)) & 0xf))
}

pub(super) fn alaw_decode(byte: u8) -> i32 {
    let byte = byte ^ 0x55;
    let segment = (byte >> 4) & 7;
    let mantissa = i32::from(byte & 0xf) << 4;
    let magnitude = match segment {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

pub(super) fn alaw_encode(sample: i32) -> u8 {
    let (sign, magnitude) = if sample < 0 {
        (0, -(sample + 1))
    } else {
        (0x80, sample)
    };
    let magnitude = magnitude.min(0x7fff);
    let (segment, mantissa) = match 24_u32.saturating_sub(magnitude.leading_zeros()) {
        0 => (0, magnitude >> 4),
        segment => (segment, magnitude >> (segment + 3)),
    };
    (sign | low(segment.cast_signed()) << 4 | (low(mantissa) & 0xf)) ^ 0x55
}

/// The lowest eight bits.
fn low(value: i32) -> u8 {
    value.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_both_laws() {
        for byte in 0..=255 {
            assert_eq!(alaw_encode(alaw_decode(byte)), byte, "A-law {byte:#x}");
            // µ-law has two zeros.
            if byte != 0x7f {
                assert_eq!(ulaw_encode(ulaw_decode(byte)), byte, "µ-law {byte:#x}");
            }
        }
    }

    #[test]
    fn known_values() {
        assert_eq!(ulaw_decode(0xff), 0);
        assert_eq!(ulaw_decode(0x00), -32_124);
        assert_eq!(ulaw_decode(0x80), 32_124);
        assert_eq!(alaw_decode(0xd5), 8);
        assert_eq!(alaw_decode(0xaa), 32_256);
        assert_eq!(alaw_decode(0x2a), -32_256);
    }
}
