//! How numbers are distributed, within a few percent and in little memory.

/// Each power of two is divided into this many steps.
const STEPS: u64 = 16;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Counts numbers in steps that are at most a sixteenth wide.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Counts a number.
    pub fn add(&mut self, number: u64) {
        let step = step(number);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.total += 1;
    }

    /// Adds what another counted.
    pub fn include(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (to, from) in self.counts.iter_mut().zip(&other.counts) {
            *to += from;
        }
        self.total += other.total;
    }

    /// The number that this share of all is not above, within a step.
    pub fn quantile(&self, share: f64) -> u64 {
        let rank = (share * self.total as f64).ceil() as u64;
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                return middle(step);
            }
        }
        0
    }
}

fn step(number: u64) -> usize {
    if number < STEPS {
        return number as usize;
    }
    let power = number.ilog2();
    let within = (number >> (power - STEP_BITS)) & (STEPS - 1);
    (u64::from(power - STEP_BITS + 1) * STEPS + within) as usize
}

fn middle(step: usize) -> u64 {
    let step = step as u64;
    if step < STEPS {
        return step;
    }
    let shift = step / STEPS - 1;
    let low = (STEPS + step % STEPS) << shift;
    low + ((1 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_exact() {
        let mut histogram = Histogram::default();
        (0..10).for_each(|number| histogram.add(number));
        assert_eq!(histogram.quantile(0.5), 4);
        assert_eq!(histogram.quantile(1.0), 9);
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }

    #[test]
    fn large_numbers_are_near() {
        for number in [100, 12_345, 1 << 40, u64::MAX / 3] {
            let mut histogram = Histogram::default();
            histogram.add(number);
            let found = histogram.quantile(0.99);
            assert!(found.abs_diff(number) <= number / 16, "{number} {found}");
        }
    }

    #[test]
    fn steps_ascend() {
        let steps: Vec<usize> = (0..10_000).map(step).collect();
        assert!(steps.is_sorted());
        assert!(step(u64::MAX) < 1000);
    }
}
