//! Bytes as hexadecimal digits, for hashes and keys, and back.

/// Two digits a byte, in small letters. Nothing else of it is left in memory: a secret's text can be
/// overwritten.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    text
}

/// So many bytes; `None` where the text is anything else.
pub(crate) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(16 * high? + low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_and_nothing_else_is_read() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(digits(&[0, 1, 0xab, 0xff]), "0001abff");
        assert_eq!(bytes::<256>(&digits(&every)).unwrap().as_slice(), every);
        for wrong in ["", "0", "00", "0001020", "00010g", "+0+1+2", "ää0"] {
            assert_eq!(bytes::<3>(wrong), None, "{wrong}");
        }
    }
}
