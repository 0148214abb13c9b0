//! Just enough reading of zip archives to serve single files and listings, as workhorse does.
//!
//! It trusts the archive; hostile ones are not for these endpoints.

/// One line of the central directory.
#[derive(Debug, Clone)]
pub struct Listed {
    pub name: String,
    pub mode: u32,
    pub size: u64,
    packed: usize,
    method: u16,
    header: usize,
}

impl Listed {
    pub fn folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | (u32::from(u16_at(bytes, at + 2)) << 16)
}

/// The entries in the order of the central directory; none if there is no such thing.
pub fn entries(zip: &[u8]) -> Vec<Listed> {
    let Some(end) = zip.windows(4).rposition(|four| four == b"PK\x05\x06") else {
        return Vec::new();
    };
    let mut at = u32_at(zip, end + 16) as usize;
    let mut all = Vec::new();
    while zip.get(at..at + 4) == Some(b"PK\x01\x02") {
        let length = |field| usize::from(u16_at(zip, at + field));
        let name = zip.get(at + 46..at + 46 + length(28)).unwrap_or_default();
        all.push(Listed {
            name: String::from_utf8_lossy(name).into_owned(),
            mode: u32_at(zip, at + 38) >> 16,
            size: u64::from(u32_at(zip, at + 24)),
            packed: u32_at(zip, at + 20) as usize,
            method: u16_at(zip, at + 10),
            header: u32_at(zip, at + 42) as usize,
        });
        at += 46 + length(28) + length(30) + length(32);
    }
    all
}

/// The content of an entry, unpacked.
pub fn content(zip: &[u8], entry: &Listed) -> Vec<u8> {
    let at = entry.header;
    let start = at + 30 + usize::from(u16_at(zip, at + 26)) + usize::from(u16_at(zip, at + 28));
    let packed = zip.get(start..start + entry.packed).unwrap_or_default();
    if entry.method == 0 { packed.to_vec() } else { inflate(packed).unwrap_or_default() }
}

/// Undoes deflate (RFC 1951); nothing if the bytes are no such stream.
fn inflate(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Bits { packed, at: 0 };
    let mut out = Vec::new();
    loop {
        let last = bits.take(1)?;
        match bits.take(2)? {
            0 => {
                bits.at = bits.at.div_ceil(8) * 8;
                let length = bits.take(16)?;
                bits.take(16)?;
                for _ in 0..length {
                    out.push(bits.take(8)? as u8);
                }
            }
            1 => {
                let mut lengths = [8u8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                block(&mut bits, &mut out, &Code::new(&lengths), &Code::new(&[5; 30]))?;
            }
            2 => {
                let (literals, distances) = codes(&mut bits)?;
                block(&mut bits, &mut out, &literals, &distances)?;
            }
            _ => return None,
        }
        if last == 1 {
            return Some(out);
        }
    }
}

struct Bits<'a> {
    packed: &'a [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for i in 0..count {
            let byte = self.packed.get(self.at / 8)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Some(value)
    }
}

/// A canonical Huffman code: how many symbols of each length, and the symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Code {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for (length, count) in counts.iter_mut().enumerate().skip(1) {
            let these = (0..lengths.len()).filter(|&s| usize::from(lengths[s]) == length);
            let before = symbols.len();
            symbols.extend(these);
            *count = symbols.len() - before;
        }
        Code { counts, symbols }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return self.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// The two codes that a dynamic block brings along.
fn codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let mut short = [0; 19];
    for place in ORDER.iter().take(bits.take(4)? + 4) {
        short[*place] = bits.take(3)? as u8;
    }
    let short = Code::new(&short);
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < literals + distances {
        let (value, times) = match short.symbol(bits)? {
            16 => (*lengths.last()?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(value, times));
    }
    Some((Code::new(&lengths[..literals]), Code::new(lengths.get(literals..)?)))
}

fn block(bits: &mut Bits<'_>, out: &mut Vec<u8>, literals: &Code, distances: &Code) -> Option<()> {
    const BASE: [usize; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ];
    loop {
        let symbol = literals.symbol(bits)?;
        if symbol < 256 {
            out.push(symbol as u8);
            continue;
        }
        if symbol == 256 {
            return Some(());
        }
        let kind = symbol - 257;
        let more = if (8..28).contains(&kind) { kind / 4 - 1 } else { 0 };
        let length = BASE.get(kind)? + bits.take(more)?;
        let far = distances.symbol(bits)?;
        let distance = if far < 4 {
            far + 1
        } else {
            ((2 + far % 2) << (far / 2 - 1)) + 1 + bits.take(far / 2 - 1)?
        };
        for _ in 0..length {
            out.push(*out.get(out.len().checked_sub(distance)?)?);
        }
    }
}
