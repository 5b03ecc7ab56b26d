//! The parts of a zip archive around its files' bytes (PKWARE's APPNOTE 6.3): headers, directory,
//! checksum, for stored files only.

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// 1 January 1980: the same arrays always give the same bytes.
const DATE: u16 = 0x21;

/// A file of the archive.
#[derive(Debug)]
pub(super) struct ArchiveFile {
    pub name: String,
    pub offset: u64,
    pub size: u64,
    pub crc: u32,
}

impl ArchiveFile {
    /// What stands before its bytes.
    pub(crate) fn local(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put32(&mut bytes, &[LOCAL]);
        self.shared(&mut bytes);
        bytes.extend(self.name.as_bytes());
        bytes
    }

    /// Its line in the directory.
    pub(crate) fn central(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put32(&mut bytes, &[CENTRAL]);
        put16(&mut bytes, &[20]);
        self.shared(&mut bytes);
        put16(&mut bytes, &[0, 0, 0]);
        put32(&mut bytes, &[0, self.offset as u32]);
        bytes.extend(self.name.as_bytes());
        bytes
    }

    /// Version 2.0, no flags, stored, time and date, checksum, sizes, lengths of name and extra.
    fn shared(&self, bytes: &mut Vec<u8>) {
        put16(bytes, &[20, 0, 0, 0, DATE]);
        put32(bytes, &[self.crc, self.size as u32, self.size as u32]);
        put16(bytes, &[self.name.len() as u16, 0]);
    }
}

fn put16(bytes: &mut Vec<u8>, values: &[u16]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(bytes: &mut Vec<u8>, values: &[u32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// The end of the directory, which has so many entries and bytes and begins at `from`.
pub(super) fn end(entries: u16, bytes: u32, from: u32) -> Vec<u8> {
    let mut end = Vec::new();
    put32(&mut end, &[END, 0]);
    put16(&mut end, &[entries, entries]);
    put32(&mut end, &[bytes, from]);
    put16(&mut end, &[0]);
    end
}

/// Continues a checksum, which begins with all bits set and is inverted in the end.
pub(super) fn checksum(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc: u32, byte: &u8| {
        (crc >> 8) ^ CRC[((crc ^ u32::from(*byte)) & 255) as usize]
    })
}

/// CRC-32 of zip and Ethernet, a byte at a time.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(!checksum(!0, b"123456789"), 0xCBF4_3926);
    }
}
