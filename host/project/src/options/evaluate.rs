//! Evaluates conditions with the values of the options.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::expression::{Comparison, Expression};
use super::value::OptionValue;

/// Whether the condition holds. Values are true as in Python: texts and lists when they are not empty. Operands that
/// cannot change the result are not evaluated, so `known or unknown` may name an unknown option.
///
/// # Errors
/// A message when it names an unknown option or looks into a truth value.
pub(super) fn holds<'v>(
    expression: &Expression,
    lookup: &impl Fn(&str) -> Option<&'v OptionValue>,
) -> Result<bool, String> {
    let value = value(expression, lookup)?;
    Ok(truth(&value))
}

fn value<'v>(
    expression: &Expression,
    lookup: &impl Fn(&str) -> Option<&'v OptionValue>,
) -> Result<Cow<'v, OptionValue>, String> {
    let owned = |value| Ok(Cow::Owned(value));
    match expression {
        Expression::Name(name) => lookup(name)
            .map(Cow::Borrowed)
            .ok_or_else(|| format!("there is no option '{name}'; expected an option, or a text in quotes")),
        Expression::Text(text) => owned(OptionValue::Text(text.clone())),
        Expression::Bool(truth) => owned(OptionValue::Bool(*truth)),
        Expression::List(items) => {
            let item = |item| Ok(value(item, lookup)?.into_owned());
            owned(OptionValue::List(items.iter().map(item).collect::<Result<_, String>>()?))
        }
        Expression::Not(inner) => owned(OptionValue::Bool(!holds(inner, lookup)?)),
        Expression::And(operands) => first_deciding(operands, false, lookup),
        Expression::Or(operands) => first_deciding(operands, true, lookup),
        Expression::Compare(first, others) => {
            let mut left = value(first, lookup)?;
            for (comparison, right) in others {
                let right = value(right, lookup)?;
                if !compare(&left, *comparison, &right)? {
                    return owned(OptionValue::Bool(false));
                }
                left = right;
            }
            owned(OptionValue::Bool(true))
        }
    }
}

/// The value of the first operand whose truth is `wanted`, or of the last one; operands after it are not evaluated.
fn first_deciding<'v>(
    operands: &[Expression],
    wanted: bool,
    lookup: &impl Fn(&str) -> Option<&'v OptionValue>,
) -> Result<Cow<'v, OptionValue>, String> {
    let mut last = Cow::Owned(OptionValue::Bool(!wanted));
    for operand in operands {
        last = value(operand, lookup)?;
        if truth(&last) == wanted {
            break;
        }
    }
    Ok(last)
}

fn truth(value: &OptionValue) -> bool {
    match value {
        OptionValue::Bool(truth) => *truth,
        OptionValue::Text(text) => !text.is_empty(),
        OptionValue::List(items) => !items.is_empty(),
    }
}

fn compare(left: &OptionValue, comparison: Comparison, right: &OptionValue) -> Result<bool, String> {
    match comparison {
        Comparison::Equal => Ok(left == right),
        Comparison::Unequal => Ok(left != right),
        Comparison::Less => order(left, right).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(left, right).map(Ordering::is_le),
        Comparison::Greater => order(left, right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(left, right).map(Ordering::is_ge),
        Comparison::In => contains(right, left),
        Comparison::NotIn => contains(right, left).map(|found| !found),
    }
}

/// Which value comes first: texts by their characters, lists by their first items that differ.
fn order(left: &OptionValue, right: &OptionValue) -> Result<Ordering, String> {
    match (left, right) {
        (OptionValue::Bool(left), OptionValue::Bool(right)) => Ok(left.cmp(right)),
        (OptionValue::Text(left), OptionValue::Text(right)) => Ok(left.cmp(right)),
        (OptionValue::List(left), OptionValue::List(right)) => {
            match left.iter().zip(right).find(|(left, right)| left != right) {
                Some((left, right)) => order(left, right),
                None => Ok(left.len().cmp(&right.len())),
            }
        }
        _ => Err("only values of one type have an order".to_owned()),
    }
}

fn contains(whole: &OptionValue, part: &OptionValue) -> Result<bool, String> {
    match (whole, part) {
        (OptionValue::List(items), part) => Ok(items.contains(part)),
        (OptionValue::Text(text), OptionValue::Text(part)) => Ok(text.contains(part.as_str())),
        (OptionValue::Text(_), _) => Err("only a text can be looked for in a text".to_owned()),
        (OptionValue::Bool(_), _) => Err("'in' needs a list or a text on its right".to_owned()),
    }
}
