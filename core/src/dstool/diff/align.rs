//! Which call of one task stands for which of another.

use super::Call;

/// How far the other sequence is looked through for where the two agree again.
const REACH: usize = 64;

/// Calls that have to agree there.
const AGREEING: usize = 3;

/// Goes through both sequences and tells of pairs, and of calls that only one has.
pub fn align<'c>(a: &'c [Call], b: &'c [Call], mut tell: impl FnMut([Option<&'c Call>; 2])) {
    let (mut a, mut b) = (a, b);
    // After a search in vain, the next one waits: two traces of different things end soon, too.
    let mut pause = 0_usize;
    while let ([one, a_rest @ ..], [other, b_rest @ ..]) = (a, b) {
        if is_same(one, other) {
            tell([Some(one), Some(other)]);
            (a, b) = (a_rest, b_rest);
            continue;
        }
        let found = match pause {
            0 => meet(a, b, is_same).or_else(|| meet(a, b, is_of_one_kind)),
            _ => None,
        };
        let (x, y) = found.unwrap_or((1, 1));
        pause = if found.is_some() { 0 } else { pause.checked_sub(1).unwrap_or(REACH) };
        let (mut only_a, mut only_b) = (&a[..x], &b[..y]);
        while let ([one, a_rest @ ..], [other, b_rest @ ..]) = (only_a, only_b)
            && is_of_one_kind(one, other)
        {
            tell([Some(one), Some(other)]);
            (only_a, only_b) = (a_rest, b_rest);
        }
        only_a.iter().for_each(|one| tell([Some(one), None]));
        only_b.iter().for_each(|other| tell([None, Some(other)]));
        (a, b) = (&a[x..], &b[y..]);
    }
    a.iter().for_each(|one| tell([Some(one), None]));
    b.iter().for_each(|other| tell([None, Some(other)]));
}

fn is_same(a: &Call, b: &Call) -> bool {
    a.kind == b.kind && a.content == b.content
}

fn is_of_one_kind(a: &Call, b: &Call) -> bool {
    a.kind == b.kind
}

/// The nearest places from which on the sequences agree; those at their ends agree always.
fn meet(a: &[Call], b: &[Call], agree: fn(&Call, &Call) -> bool) -> Option<(usize, usize)> {
    let agrees = |x: usize, y: usize| {
        let (a, b) = (&a[x..], &b[y..]);
        let is_end = a.is_empty() && b.is_empty();
        let mut pairs = a.iter().zip(b).take(AGREEING);
        is_end || (!a.is_empty() && !b.is_empty() && pairs.all(|(a, b)| agree(a, b)))
    };
    let steps = 1..=(2 * REACH).min(a.len() + b.len());
    // Of places at the same distance, those where as many are left on both sides come first.
    let mut places = steps.flat_map(|sum| {
        (sum % 2..=sum).step_by(2).flat_map(move |apart| {
            let (more, less) = ((sum + apart) / 2, (sum - apart) / 2);
            [(more, less), (less, more)]
        })
    });
    places.find(|&(x, y)| x <= REACH.min(a.len()) && y <= REACH.min(b.len()) && agrees(x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call for each letter: its kind is the letter, its content the case.
    fn calls(text: &str) -> Vec<Call> {
        let letters = text.chars().enumerate();
        letters
            .map(|(at, letter)| Call {
                kind: letter.to_ascii_lowercase().into(),
                content: u64::from(letter.is_ascii_uppercase()),
                unique_id: at as i64,
            })
            .collect()
    }

    /// `=` for the same, `~` for changed, `-` and `+` for what only one has.
    fn aligned(a: &str, b: &str) -> String {
        let (a, b) = (calls(a), calls(b));
        let mut text = String::new();
        align(&a, &b, |pair| {
            text.push(match pair {
                [Some(one), Some(other)] if is_same(one, other) => '=',
                [Some(_), Some(_)] => '~',
                [Some(_), None] => '-',
                _ => '+',
            });
        });
        text
    }

    #[test]
    fn calls_that_one_has_more_or_less_are_passed_over() {
        for (a, b, expected) in [
            ("abcdef", "abcdef", "======"),
            ("abcdef", "abCdef", "==~==="),
            ("abcdef", "abxcdef", "==+===="),
            ("abxycdef", "abcdef", "==--===="),
            ("abcdef", "abxdef", "==-+==="),
            ("aaaaaa", "aaaaaaa", "======+"),
            ("abcabc", "abcAabc", "===+==="),
            ("", "ab", "++"),
            ("ab", "", "--"),
            ("abc", "xyz", "---+++"),
            ("abc", "aBC", "=~~"),
        ] {
            let mut found: Vec<char> = aligned(a, b).chars().collect();
            let mut wanted: Vec<char> = expected.chars().collect();
            found.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{a} {b}: {}", aligned(a, b));
        }
    }

    #[test]
    fn every_call_is_told_once() {
        let mut random = 1_u64;
        for _ in 0..200 {
            let mut word = |length: usize| -> String {
                (0..length)
                    .map(|_| {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        ['a', 'b', 'c', 'A', 'B'][(random >> 33) as usize % 5]
                    })
                    .collect()
            };
            let (a, b) = (calls(&word(90)), calls(&word(70)));
            let mut seen = [Vec::new(), Vec::new()];
            align(&a, &b, |pair| {
                for (seen, call) in seen.iter_mut().zip(pair) {
                    seen.extend(call.map(|call| call.unique_id));
                }
            });
            assert!(seen[0].iter().copied().eq(0..90) && seen[1].iter().copied().eq(0..70));
        }
    }
}
