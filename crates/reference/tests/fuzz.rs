//! No bytes make the reader panic, and what it accepts can be interpreted.
mod support;

use reference::{dyad, interpreter};

/// SplitMix64: the same mutations on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

const CODES: [&str; 4] = ["ERR_DYAD_PARSE", "ERR_DYAD_VERSION", "ERR_DYAD_INVALID", "ERR_ACCUMULATOR"];

/// Reads, and runs what is accepted. Returns whether it was.
fn survives(bytes: &[u8]) -> bool {
    match dyad::read(bytes) {
        Err(error) => {
            assert!(CODES.contains(&error.code()), "{error}");
            false
        }
        Ok(network) => {
            let values = &network.graph.values;
            // A mutated size may be valid and huge; only small networks are run.
            if values.iter().all(|value| value.shape.iter().product::<usize>() <= 1 << 12) {
                let inputs = network.graph.inputs.iter();
                let lowest = |index: usize| vec![values[index].range[0] as i32; values[index].shape.iter().product()];
                let inputs: Vec<Vec<i32>> = inputs.map(|input| lowest(input.value)).collect();
                interpreter::interpret(&network, &inputs).expect("accepted networks run");
            }
            true
        }
    }
}

#[test]
fn mutated_bytes() {
    let (graph, stored) = support::network();
    let original = support::dyad(&graph, &stored);
    assert!(survives(&original));
    let mut random = Random(1);
    for _ in 0..20_000 {
        let mut bytes = original.clone();
        for _ in 0..=random.below(3) {
            if bytes.is_empty() {
                break;
            }
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at),
                3 => bytes.insert(at, random.next() as u8),
                _ => bytes[at] = b"0123456789-,[]{}\":e."[random.below(20)],
            }
        }
        survives(&bytes);
    }
}

/// Mutations of the numbers and words of the graph, in an intact container: these reach the checks behind the parser.
#[test]
fn mutated_graphs() {
    let (graph, stored) = support::network();
    let numbers: Vec<(usize, usize)> = numbers_of(&graph);
    let replacements = [
        "0",
        "1",
        "2",
        "3",
        "-1",
        "4",
        "7",
        "9",
        "16",
        "255",
        "32767",
        "16777216",
        "2147483647",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "null",
        "0.5",
    ];
    let mut random = Random(2);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut text = graph.clone();
        let mut chosen: Vec<(usize, usize)> = (0..=random.below(2)).map(|_| numbers[random.below(numbers.len())]).collect();
        chosen.sort_unstable();
        chosen.dedup();
        for &(begin, end) in chosen.iter().rev() {
            text.replace_range(begin..end, replacements[random.below(replacements.len())]);
        }
        accepted += usize::from(survives(&support::dyad(&text, &stored)));
    }
    assert!(accepted > 100, "{accepted} accepted: the mutations miss what lies behind the parser");
}

#[test]
fn random_bytes() {
    let mut random = Random(3);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
        survives(&bytes);
        let mut short = (random.below(64) as u64).to_le_bytes().to_vec();
        short.extend(&bytes);
        survives(&short);
    }
}

/// Where numbers begin and end in JSON text.
fn numbers_of(text: &str) -> Vec<(usize, usize)> {
    let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + bytes[at..].iter().take_while(|&&byte| is_number(byte)).count();
        if end > at && b"[:,".contains(&bytes[at - 1]) {
            found.push((at, end));
        }
        at = end.max(at + 1);
    }
    found
}
