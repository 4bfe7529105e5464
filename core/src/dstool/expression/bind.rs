//! A condition with the columns of one type, which judges rows.

use std::cmp::Ordering;

use dataseries::{Column, ExtentType, FieldKind, Row, Value};
use regex::bytes::Regex;

use super::parse::{Compare, Node, Operand, What};
use super::{Condition, ExpressionError, Literal, Scalar};

/// A condition on the rows of one type.
#[derive(Clone, Debug)]
pub struct Bound {
    root: Judge,
    needs_strings: bool,
}

#[derive(Clone, Debug)]
enum Judge {
    Or(Box<Judge>, Box<Judge>),
    And(Box<Judge>, Box<Judge>),
    Not(Box<Judge>),
    Compare(Side, Compare, Side),
    In(Side, Vec<Side>),
    Matches(Side, Regex),
    Contains(Side, Vec<u8>),
    IsNull(Side),
    IsTrue(Side),
}

#[derive(Clone, Debug)]
struct Side {
    from: From,
    mask: Option<i64>,
}

#[derive(Clone, Debug)]
enum From {
    Column(Column),
    Literal(Literal),
}

/// What two sides of a comparison must have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Any,
}

impl Condition {
    /// Looks up the columns of `ty`. Those that it doesn't have are null.
    ///
    /// # Errors
    /// A comparison that makes no sense for them.
    pub fn bind(&self, ty: &ExtentType) -> Result<Bound, ExpressionError> {
        let mut binder = Binder { condition: self, ty, needs_strings: false };
        let root = binder.node(&self.root)?;
        Ok(Bound { root, needs_strings: binder.needs_strings })
    }

    /// Makes sure that each column that the condition names is in one of `types`.
    ///
    /// # Errors
    /// One that is in none.
    pub fn check_names(&self, types: &[&ExtentType]) -> Result<(), ExpressionError> {
        self.root.operands(&mut |operand| {
            let What::Column(name) = &operand.what else { return Ok(()) };
            let is_known =
                pseudo(name, "").is_some() || types.iter().any(|ty| ty.column(name).is_some());
            if is_known {
                return Ok(());
            }
            let names = types.iter().flat_map(|ty| ty.columns()).map(|column| column.name.as_str());
            let near = crate::dstool::select::near(name, names);
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let problem = format!("there is no column {name}{near}");
            Err(ExpressionError::new(&self.text, operand.at, problem))
        })
    }
}

impl Node {
    fn operands(
        &self,
        each: &mut impl FnMut(&Operand) -> Result<(), ExpressionError>,
    ) -> Result<(), ExpressionError> {
        match self {
            Self::Or(a, b) | Self::And(a, b) => {
                a.operands(each)?;
                b.operands(each)
            }
            Self::Not(inner) => inner.operands(each),
            Self::Compare { left, right, .. } => {
                each(left)?;
                each(right)
            }
            Self::In { operand, any, .. } => {
                each(operand)?;
                any.iter().try_for_each(each)
            }
            Self::Matches { operand, .. }
            | Self::Contains { operand, .. }
            | Self::IsNull(operand)
            | Self::IsTrue(operand) => each(operand),
        }
    }
}

/// What a name means that is no column of the type.
fn pseudo(name: &str, extent_type: &str) -> Option<Literal> {
    match name {
        "extent_type" => Some(Literal::Text(extent_type.into())),
        "call" => Some(Literal::Text(crate::dstool::shape::short(extent_type).into())),
        _ => None,
    }
}

struct Binder<'c> {
    condition: &'c Condition,
    ty: &'c ExtentType,
    needs_strings: bool,
}

impl Binder<'_> {
    fn node(&mut self, node: &Node) -> Result<Judge, ExpressionError> {
        Ok(match node {
            Node::Or(a, b) => Judge::Or(Box::new(self.node(a)?), Box::new(self.node(b)?)),
            Node::And(a, b) => Judge::And(Box::new(self.node(a)?), Box::new(self.node(b)?)),
            Node::Not(inner) => Judge::Not(Box::new(self.node(inner)?)),
            Node::Compare { left, sign, right, at } => {
                let (left, right) = (self.side(left)?, self.side(right)?);
                self.fit(&left, &right, *at)?;
                Judge::Compare(left, *sign, right)
            }
            Node::In { operand, any, at } => {
                let operand = self.side(operand)?;
                let any = any.iter().map(|one| self.side(one)).collect::<Result<Vec<_>, _>>()?;
                any.iter().try_for_each(|one| self.fit(&operand, one, *at))?;
                Judge::In(operand, any)
            }
            Node::Matches { operand, regex, at } => {
                Judge::Matches(self.text(operand, *at)?, regex.clone())
            }
            Node::Contains { operand, part, at } => {
                Judge::Contains(self.text(operand, *at)?, part.clone())
            }
            Node::IsNull(operand) => {
                // The flag alone tells.
                let needed = self.needs_strings;
                let side = self.side(operand)?;
                self.needs_strings = needed;
                Judge::IsNull(side)
            }
            Node::IsTrue(operand) => Judge::IsTrue(self.side(operand)?),
        })
    }

    fn side(&mut self, operand: &Operand) -> Result<Side, ExpressionError> {
        let from = match &operand.what {
            What::Literal(literal) => From::Literal(literal.clone()),
            What::Column(name) => match self.ty.column(name) {
                Some(column) => {
                    self.needs_strings |= column.kind == FieldKind::Variable32;
                    From::Column(column.clone())
                }
                None => From::Literal(pseudo(name, self.ty.name()).unwrap_or(Literal::Null)),
            },
        };
        let side = Side { from, mask: operand.mask };
        let whole = match &side.from {
            From::Column(column) => !matches!(
                column.kind,
                FieldKind::Double | FieldKind::Variable32 | FieldKind::FixedWidth
            ),
            From::Literal(literal) => matches!(literal, Literal::Integer(_) | Literal::Null),
        };
        if side.mask.is_some() && !whole {
            return Err(self.error(operand.at, "& needs a whole number on its left"));
        }
        Ok(side)
    }

    fn text(&mut self, operand: &Operand, at: usize) -> Result<Side, ExpressionError> {
        let side = self.side(operand)?;
        match side.family() {
            Family::Number => Err(self.error(at, "this needs a text on its left, not a number")),
            _ => Ok(side),
        }
    }

    fn fit(&self, left: &Side, right: &Side, at: usize) -> Result<(), ExpressionError> {
        match (left.family(), right.family()) {
            (Family::Number, Family::Text) | (Family::Text, Family::Number) => {
                Err(self.error(at, "a number is compared with a text here"))
            }
            _ => Ok(()),
        }
    }

    fn error(&self, at: usize, problem: &str) -> ExpressionError {
        let problem = format!("{problem} (in type {})", self.ty.name());
        ExpressionError::new(&self.condition.text, at, problem)
    }
}

impl Side {
    fn family(&self) -> Family {
        match &self.from {
            From::Column(column) => match column.kind {
                FieldKind::Variable32 | FieldKind::FixedWidth => Family::Text,
                _ => Family::Number,
            },
            From::Literal(Literal::Text(_)) => Family::Text,
            From::Literal(Literal::Null) => Family::Any,
            From::Literal(_) => Family::Number,
        }
    }

    fn of<'a>(&'a self, row: &Row<'a>) -> Scalar<'a> {
        let scalar = match &self.from {
            From::Literal(literal) => literal.scalar(),
            From::Column(column) => match row.get(column) {
                Value::Null => Scalar::Null,
                Value::Bool(value) => Scalar::Bool(value),
                Value::Byte(number) => Scalar::Integer(number.into()),
                Value::Int32(number) => Scalar::Integer(number.into()),
                Value::Int64(number) => Scalar::Integer(number),
                Value::Double(number) => Scalar::Float(number),
                Value::Bytes(bytes) => Scalar::Text(bytes.strip_suffix(b"\0").unwrap_or(bytes)),
            },
        };
        match (scalar, self.mask) {
            (Scalar::Integer(number), Some(mask)) => Scalar::Integer(number & mask),
            (Scalar::Bool(value), Some(mask)) => Scalar::Integer(i64::from(value) & mask),
            (scalar, _) => scalar,
        }
    }
}

impl Bound {
    /// Whether rows can only be judged with their variable part unpacked.
    pub fn needs_strings(&self) -> bool {
        self.needs_strings
    }

    /// Whether the condition holds for a row.
    pub fn holds(&self, row: &Row<'_>) -> bool {
        self.root.holds(row)
    }
}

impl Judge {
    fn holds(&self, row: &Row<'_>) -> bool {
        match self {
            Self::Or(a, b) => a.holds(row) || b.holds(row),
            Self::And(a, b) => a.holds(row) && b.holds(row),
            Self::Not(inner) => !inner.holds(row),
            Self::Compare(left, sign, right) => {
                ordering(left.of(row), right.of(row)).is_some_and(|ordering| sign.allows(ordering))
            }
            Self::In(side, any) => {
                let value = side.of(row);
                any.iter().any(|one| ordering(value, one.of(row)) == Some(Ordering::Equal))
            }
            Self::Matches(side, regex) => {
                matches!(side.of(row), Scalar::Text(text) if regex.is_match(text))
            }
            Self::Contains(side, part) => match side.of(row) {
                Scalar::Text(text) => {
                    part.is_empty() || text.windows(part.len()).any(|window| window == part)
                }
                _ => false,
            },
            Self::IsNull(side) => match &side.from {
                From::Column(column) => row.is_null(column),
                From::Literal(literal) => *literal == Literal::Null,
            },
            Self::IsTrue(side) => match side.of(row) {
                Scalar::Null => false,
                Scalar::Bool(value) => value,
                Scalar::Integer(number) => number != 0,
                Scalar::Float(number) => number != 0.0,
                Scalar::Text(text) => !text.is_empty(),
            },
        }
    }
}

impl Compare {
    fn allows(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// How two values compare; nulls and values of different families don't.
fn ordering(a: Scalar<'_>, b: Scalar<'_>) -> Option<Ordering> {
    let number = |scalar| match scalar {
        Scalar::Bool(value) => Scalar::Integer(value.into()),
        other => other,
    };
    match (number(a), number(b)) {
        (Scalar::Integer(a), Scalar::Integer(b)) => Some(a.cmp(&b)),
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(&b),
        (Scalar::Integer(a), Scalar::Float(b)) => mixed(a, b),
        (Scalar::Float(a), Scalar::Integer(b)) => mixed(b, a).map(Ordering::reverse),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// An integer and a double, without losing digits of the integer.
fn mixed(a: i64, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    let whole = b.floor();
    // Beyond these, every integer is on one side.
    if whole >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if whole < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let fraction = if b > whole { Ordering::Less } else { Ordering::Equal };
    Some(a.cmp(&(whole as i64)).then(fraction))
}

#[cfg(test)]
mod tests;
