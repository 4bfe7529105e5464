//! Columns summed up.

use std::collections::BTreeMap;
use std::io::Write;

use dataseries::{Extent, Value};
use serde_json::json;

use crate::dstool::Result;
use crate::dstool::look::Paint;
use crate::dstool::output::{self, count};
use crate::dstool::select::Plan;

/// What is known of a column's values.
#[derive(Clone, Debug, Default)]
struct Sum {
    name: String,
    kind: &'static str,
    values: u64,
    nulls: u64,
    range: Option<Numbers>,
    /// The sum of numbers, or of the lengths of texts.
    sum: f64,
}

/// The smallest and the largest: integers, which doubles would not hold exactly, or doubles.
#[derive(Clone, Copy, Debug)]
enum Numbers {
    Integers(i64, i64),
    Doubles(f64, f64),
}

/// Sums of the columns of each type.
#[derive(Debug, Default)]
pub struct Sums(BTreeMap<String, Vec<Sum>>);

impl Sums {
    /// Adds the rows of an extent that are wanted.
    pub fn add(&mut self, extent: &Extent, plan: &Plan) {
        let sums = self.0.entry(extent.extent_type().name().to_owned()).or_insert_with(|| {
            let columns = plan.columns.iter();
            columns
                .map(|column| Sum {
                    name: column.name.clone(),
                    kind: column.kind.name(),
                    ..Sum::default()
                })
                .collect()
        });
        for row in extent.rows().filter(|row| plan.wants(row)) {
            for (column, sum) in plan.columns.iter().zip(sums.iter_mut()) {
                sum.add(row.get(column));
            }
        }
    }

    /// Prints a line for each column.
    pub fn print(&self, json: bool, paint: Paint) -> Result<()> {
        let mut out = output::out();
        for (ty, sums) in &self.0 {
            if json {
                for sum in sums {
                    writeln!(out, "{}", sum.json(ty))?;
                }
                continue;
            }
            let width = sums.iter().map(|sum| sum.name.chars().count()).max().unwrap_or(0).max(6);
            writeln!(out, "{}", paint.bold(ty))?;
            let head = format!(
                "  {:<width$} {:<10} {:>12} {:>12} {:>21} {:>21} {:>14}",
                "column", "type", "values", "nulls", "smallest", "largest", "mean"
            );
            writeln!(out, "{}", paint.dim(&head))?;
            for sum in sums {
                let (low, high) = sum.ends();
                writeln!(
                    out,
                    "  {} {:<10} {:>12} {:>12} {low:>21} {high:>21} {:>14}",
                    paint.cyan(&format!("{:<width$}", sum.name)),
                    sum.kind,
                    count(sum.values),
                    count(sum.nulls),
                    sum.mean().map_or_else(|| "-".to_owned(), |mean| format!("{mean:.6}")),
                )?;
            }
        }
        Ok(out.flush()?)
    }
}

impl Sum {
    fn add(&mut self, value: Value<'_>) {
        let integer = match value {
            Value::Null => {
                self.nulls += 1;
                return;
            }
            Value::Double(number) => {
                self.values += 1;
                self.sum += number;
                self.range = Some(match self.range {
                    Some(Numbers::Doubles(low, high)) => {
                        Numbers::Doubles(low.min(number), high.max(number))
                    }
                    _ => Numbers::Doubles(number, number),
                });
                return;
            }
            Value::Bool(value) => value.into(),
            Value::Byte(number) => number.into(),
            Value::Int32(number) => number.into(),
            Value::Int64(number) => number,
            Value::Bytes(bytes) => bytes.len() as i64,
        };
        self.values += 1;
        self.sum += integer as f64;
        self.range = Some(match self.range {
            Some(Numbers::Integers(low, high)) => {
                Numbers::Integers(low.min(integer), high.max(integer))
            }
            _ => Numbers::Integers(integer, integer),
        });
    }

    fn is_text(&self) -> bool {
        matches!(self.kind, "variable32" | "fixedwidth")
    }

    fn mean(&self) -> Option<f64> {
        (self.values > 0).then(|| self.sum / self.values as f64)
    }

    fn ends(&self) -> (String, String) {
        let unit = if self.is_text() { " B" } else { "" };
        match self.range {
            None => ("-".to_owned(), "-".to_owned()),
            Some(Numbers::Integers(low, high)) => (format!("{low}{unit}"), format!("{high}{unit}")),
            Some(Numbers::Doubles(low, high)) => (low.to_string(), high.to_string()),
        }
    }

    fn json(&self, ty: &str) -> serde_json::Value {
        let (low, high) = match self.range {
            None => (json!(null), json!(null)),
            Some(Numbers::Integers(low, high)) => (json!(low), json!(high)),
            Some(Numbers::Doubles(low, high)) => (json!(low), json!(high)),
        };
        json!({
            "extent_type": ty,
            "column": self.name,
            "type": self.kind,
            "of": if self.is_text() { "lengths" } else { "values" },
            "values": self.values,
            "nulls": self.nulls,
            "smallest": low,
            "largest": high,
            "mean": self.mean(),
        })
    }
}
